/** The Money API stand-in as a child of the process that needs it. */
import { serveAsChild } from '../../local/process/child-service.ts';
import { moneyApiOptions } from './options.ts';
import { startMoneyApi } from './server.ts';

serveAsChild((raw) => moneyApiOptions.parse(raw), startMoneyApi);
