/** Of a minified handler with all that it imports, the AWS SDK too. What a cold start has to read counts. */
const MOST_BYTES = 1_500_000;

/** @throws Error that names the handler: synth fails by it, before anything is deployed */
export function assertBundleSize(entry: string, bytes: number): void {
  if (bytes <= MOST_BYTES) return;
  throw new Error(
    `${entry}: its bundle has ${bytes.toLocaleString('en-US')} bytes, and ${MOST_BYTES.toLocaleString('en-US')} is the most`,
  );
}
