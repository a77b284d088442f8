/** By the names that they have in job_runs, in words, those that are not 0. */
export function figuresText(
  figures: Readonly<Record<string, number>>,
  without: readonly string[] = [],
): string {
  return Object.entries(figures)
    .filter(([name, count]) => count !== 0 && !without.includes(name))
    .map(([name, count]) => `${inWords(name)} ${count}`)
    .join(', ');
}

function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
