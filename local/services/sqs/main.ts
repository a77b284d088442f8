import { serveAsChild } from '../../process/child-service.ts';
import { sqsOptions, startSqs } from './server.ts';

serveAsChild((raw) => sqsOptions.parse(raw), startSqs);
