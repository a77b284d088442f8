import * as z from 'zod';

/** Schemas that the OpenAPI document names: `schema.register(components, { id })`. */
export const components = z.registry<{ id: string }>();
