const LISTENER = /^( *)(listener|port) +(\d+)(.*)$/;
/** Lines that would take from us what we need: the log, the database, the process. */
const OURS =
  /^ *(persistence|persistence_location|persistence_file|autosave_interval|autosave_on_changes|pid_file|user|log_dest|log_type|log_timestamp|log_timestamp_format|bind_address)( |$)/;

/** Ports of the listeners in a mosquitto.conf; 1883 if there is none. */
export function portsIn(text: string): number[] {
  const ports = text.split('\n').flatMap(line => {
    const found = LISTENER.exec(line);
    return found === null || found[3] === '0' ? [] : [Number(found[3])];
  });
  return ports.length === 0 ? [1883] : ports;
}

/** The file Mosquitto is given: each line in its place, so that the line numbers of its complaints
 * are right, and what we need behind. */
export function confText(
  text: string,
  listeners: readonly { readonly port: number }[],
  directory: string,
): string {
  let next = 0;
  let standard = false;
  const lines = text.split('\n').map(line => {
    const found = LISTENER.exec(line);
    if (found !== null && found[3] !== '0') {
      const port = listeners[next++]?.port ?? 0;
      standard ||= found[2] === 'port';
      return found[2] === 'port' ? `port ${port}` : `listener ${port} 127.0.0.1`;
    }
    return OURS.test(line) ? `# ${line}` : line;
  });
  if (next === 0) {
    // Without a listener Mosquitto serves this machine and lets everybody in.
    lines.push(`port ${listeners[0]?.port ?? 0}`);
    standard = true;
    if (!/^ *allow_anonymous /m.test(text)) lines.push('allow_anonymous true');
  }
  if (standard) lines.push('bind_address 127.0.0.1');
  // Started by root it would give up its rights, and with them its files.
  if (process.getuid?.() === 0) lines.push('user root');
  lines.push('persistence true', `persistence_location ${directory}/`, 'autosave_interval 0', '');
  return lines.join('\n');
}
