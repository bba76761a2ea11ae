import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of the system's mosquitto broker, or undefined. */
export function findMosquitto(): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  if (process.platform === 'darwin') places.push('/opt/homebrew/sbin');
  if (process.platform === 'win32') places.push('C:\\Program Files\\mosquitto');
  const file = process.platform === 'win32' ? 'mosquitto.exe' : 'mosquitto';
  for (const place of places) {
    const path = join(place, file);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return undefined;
}
