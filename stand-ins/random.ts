/**
 * Randomness without state: a draw depends on the seed, the key and the attempt alone, so that a run can
 * be repeated although requests arrive in another order each time.
 */

/** MurmurHash3's 32-bit finaliser: every bit of the input changes half of the output's. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Unsigned 32-bit hash of a text. */
export function hashText(text: string, salt: number): number {
  let h = mix(salt ^ 0x811c9dc5);
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

/** Returns a source of uniform numbers in [0, 1), always the same ones for the same arguments. */
export function drawsFor(seed: number, key: string, attempt: number): () => number {
  let state = hashText(key, mix(seed) ^ Math.imul(attempt, 0x9e3779b1));
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state) / 2 ** 32;
  };
}

/** A log-normal number with this mean; most are near it, none is negative, a few are three times as long. */
export function logNormal(mean: number, draw: () => number): number {
  const sigma = 0.5;
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  return mean * Math.exp(sigma * normal - sigma ** 2 / 2);
}
