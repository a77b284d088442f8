/** Entry of a process that starts MariaDB in the directory of its first argument, to be killed by a test. */
import { startMariaDb } from '../../local/servers/mariadb.ts';
import { ensureMariaDb } from '../../local/servers/programs.ts';

const dataDir = process.argv[2] ?? '';
const programs = await ensureMariaDb(() => undefined);
const { pid, url } = await startMariaDb({ dataDir, logFile: `${dataDir}.log`, programs });
process.send?.({ pid, url });
