/** As much of an OpenAPI document as the SDK is made from. `contracts/openapi.ts` writes it in this form and no other. */
export type ServiceDocument = {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    parameters: Record<string, Parameter>;
    responses: Record<string, Response>;
  };
};

export type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters: (Parameter | Reference)[];
  requestBody?: Response;
  responses: Record<string, Response | Reference>;
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Schema;
};

/** By media type. JSON has a schema; a form is `multipart/form-data`; any other kind is bytes. */
export type Response = { description?: string; content: { [mediaType: string]: { schema?: Schema } } };

export type Schema = {
  $ref?: string;
  type?: string;
  /** What it is are bytes. */
  contentMediaType?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: string[];
  const?: unknown;
  examples?: unknown[];
  allOf?: Schema[];
};

export type Reference = { $ref: string };
