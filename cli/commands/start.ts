import type { Command } from 'commander';
import { registerBeginning } from '../campaigns/beginning-command.ts';

export function registerStart(program: Command): void {
  registerBeginning(program, 'start', {
    description: 'Starts a READY campaign now, whatever its reservation says. It still waits for its turn.',
    help: 'Asked twice, it is started once: one that is being paid, or waits for its turn, is left as it is.',
    resume: false,
  });
}
