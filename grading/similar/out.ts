import { mkdirSync } from 'node:fs';
import { explainWrite } from '../../course/atomic.js';

/** Makes the folder that the page goes to. @throws UsageError when it cannot be made */
export function makeOutFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw explainWrite(error, folder);
  }
}
