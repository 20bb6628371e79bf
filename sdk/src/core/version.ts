/** The version of the package, for the User-Agent; a test holds it against package.json. */
export const VERSION: string = '0.1.0';
