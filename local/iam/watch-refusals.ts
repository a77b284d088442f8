/** Shows what was refused, whichever service refused it: a function that is refused may try for long before it fails. */
import { statSync } from 'node:fs';
import { readCalls } from './call-log.ts';

const EVERY_MS = 500;

export interface RefusalWatch {
  close(): Promise<void>;
}

export function watchRefusals(callLog: string, report: (line: string) => void): RefusalWatch {
  let told = 0;
  let read = 0;
  const look = () => {
    const { size } = statSync(callLog);
    if (size === read) return;
    read = size;
    const refused = readCalls(callLog).flatMap(({ refusal }) => refusal ?? []);
    for (const line of refused.slice(told)) report(line);
    told = refused.length;
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return {
    close: () => {
      clearInterval(timer);
      look();
      return Promise.resolve();
    },
  };
}
