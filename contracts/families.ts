/** The families of the wire: which envelope a path answers in. */

/** `ops` answers plainly; what is no route of ours is told in the envelope of `cloud`. */
export type Family = 'cloud' | 'relay' | 'control' | 'ops';

export const familyOf = (path: string): Family => {
  if (/^\/v1(\/|$)/.test(path)) return 'cloud';
  if (/^\/api\/control(\/|$)/.test(path)) return 'control';
  return isUnderApi(path) ? 'relay' : 'ops';
};

export const isUnderApi = (path: string): boolean => /^\/api(\/|$)/.test(path);
