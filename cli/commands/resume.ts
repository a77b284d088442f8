import type { Command } from 'commander';
import { registerBeginning } from '../campaigns/beginning-command.ts';

export function registerResume(program: Command): void {
  registerBeginning(program, 'resume', {
    description:
      'Has a campaign go on that is STOPPED or FAILED: what was paid stays paid, the rest follows.',
    help: 'Asked twice, it goes on once. It waits for its turn as a start does.',
    resume: true,
  });
}
