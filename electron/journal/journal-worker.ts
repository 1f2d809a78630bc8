import { cloudEvent } from '../hooks/cloud-event.ts';
import { createHookService } from '../hooks/service.ts';
import { serveJournal } from './serve-thread.ts';

/** The journal's thread: the database, and the hooks that are served from it. Started by `journal-link.ts`. */
serveJournal({ createHookService, cloudEvent });
