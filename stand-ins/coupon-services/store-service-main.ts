/** The store service's stand-in as a child of the process that needs it. */
import { serveAsChild } from '../../local/process/child-service.ts';
import { storeServiceOptions } from './options.ts';
import { startStoreService } from './store-service.ts';

serveAsChild((raw) => storeServiceOptions.parse(raw), startStoreService);
