import { readFileSync, realpathSync } from 'node:fs';

/**
 * File systems that do not tell of changes made on the other side: Windows under WSL, network
 * drives, folders that a container or a virtual machine shares with its host.
 */
const silent =
  /^(?:9p|drvfs|nfs4?|cifs|smb3?|smbfs|vboxsf|vmhgfs|prl_fs|virtiofs|fakeowner|afs|ncpfs|fuse(?:\..+)?|osxfs|grpcfuse)$/;

/**
 * Why a folder must be looked at again and again: the name of its file system.
 * @param mounts text of `/proc/mounts`; default this machine's
 * @returns undefined where changes are told, as on most machines
 */
export function silentFileSystem(folder: string, mounts = readMounts()): string | undefined {
  if (folder.startsWith('\\\\')) return 'network';
  const path = real(folder);
  let best: { place: string; type: string } | undefined;
  for (const line of mounts.split('\n')) {
    const [, place, type] = line.split(' ');
    if (place === undefined || type === undefined) continue;
    const at = unescaped(place);
    const inside = path === at || path.startsWith(at.endsWith('/') ? at : `${at}/`);
    // Of two mounts on one place the later one is seen.
    if (inside && at.length >= (best?.place.length ?? 0)) best = { place: at, type };
  }
  return best && silent.test(best.type) ? best.type : undefined;
}

/** A space in a path is written `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function readMounts(): string {
  try {
    return readFileSync('/proc/mounts', 'utf8');
  } catch {
    return '';
  }
}
