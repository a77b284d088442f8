const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'redis:': 6379,
  'rediss:': 6379,
};

/** The TCP port that a URL means, said or not. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  const number = port === '' ? DEFAULT_PORTS[protocol] : Number(port);
  if (number === undefined) throw new Error(`No default port is known for ${protocol}//`);
  return number;
}
