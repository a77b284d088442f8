/** It has no types of its own. */
declare module 'asl-validator' {
  /** Writes defaults into what it is given. */
  export default function validate(definition: object): { readonly isValid: boolean; errorsText(): string };
}
