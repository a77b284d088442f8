import { serveAsChild } from '../../process/child-service.ts';
import { rdsDataOptions } from './options.ts';
import { startRdsData } from './server.ts';

serveAsChild((raw) => rdsDataOptions.parse(raw), startRdsData);
