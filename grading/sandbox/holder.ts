import type { SandboxOptions } from './options.js';

/*
 * The holder: sits in a network, binds sockets there and hands them over. A socket belongs to the
 * network that it was made in, so the tap accepts connections of programs that cannot reach anything
 * else, and what they see (refused, reset, half closed) is what TCP does at home.
 * It never listens itself, not even for a moment: it would accept, and hold, who dials just then. A
 * bound socket that does not listen is what node:cluster hands over, by the same messages.
 * Free ports are taken from below the range that the system gives to those who dial: a program that
 * dials again and again while nobody listens would reach itself one day.
 *
 * It is asked by lines of text: `bind ID PORT` (0 is a free one), and `fill ID FOLDER`, the folder in
 * hexadecimal, which copies the submission's files to the scratch folder. One is started for every
 * scenario, so it is written twice: for the system's Python, which starts in a sixth of the processor
 * time and of the memory that Node takes, and for Node where there is none.
 */

/** What Python needs to know of Node's channel: a line of JSON for a message, a socket beside it. */
const inPython = `
import os, sys, _socket
channel = _socket.socket(fileno=int(os.environ['NODE_CHANNEL_FD']))
channel.setblocking(True)
scratch = sys.argv[1] + '/scratch'
def tell(fields, sent=None):
    line = ('{' + fields + '}\\n').encode()
    beside = [] if sent is None else [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, sent.fileno().to_bytes(4, sys.byteorder))]
    rest = line[channel.sendmsg([line], beside):]
    while rest: rest = rest[channel.send(rest):]
def quoted(text):
    return '"' + ''.join(c if ' ' <= c <= '~' and c not in '\\\\"' else '?' for c in text) + '"'
def copy(source, target):
    os.mkdir(target, 0o755)
    for entry in os.scandir(source):
        to = target + b'/' + entry.name
        if entry.is_dir(follow_symlinks=False): copy(entry.path, to)
        elif entry.is_file(follow_symlinks=False):
            with open(entry.path, 'rb') as file: content = file.read()
            made = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, entry.stat().st_mode & 0o777)
            with open(made, 'wb') as file: file.write(content)
def bound(port):
    for left in range(20, 0, -1):
        at = port or 10240 + int.from_bytes(os.urandom(4), 'big') % 20000
        one = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        try:
            one.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            one.bind(('127.0.0.1', at))
            one.setblocking(False)
            return one
        except OSError:
            one.close()
            if port or left == 1: raise
def answer(what, number, word):
    if what == 'fill':
        for name in ('tmp', 'shm'): os.mkdir(scratch + '/' + name, 0o700)
        copy(bytes.fromhex(word), os.fsencode(scratch + '/submission'))
    elif what == 'bind':
        one = bound(int(word))
        tell('"cmd":"NODE_HANDLE","type":"net.Native","msg":{"id":' + number + '}', one)
        one.close()
    tell('"id":' + number + ',"done":true')
tell('"pid":' + str(os.getpid()))
seen = b''
while True:
    chunk = channel.recv(65536)
    if not chunk: break
    *lines, seen = (seen + chunk).split(b'\\n')
    for line in lines:
        # Node's own words are objects: that a socket has come, for one.
        if not line.startswith(b'"'): continue
        what, number, word = line.decode().strip('"').split(' ')
        try: answer(what, number, word)
        except OSError as error:
            import errno
            code = errno.errorcode.get(error.errno, 'EIO')
            tell('"id":' + number + ',"code":"' + code + '","error":' + quoted(what + ' ' + code))
`;

const inNode = `
const fs = require('node:fs');
const net = require('node:net');
const util = require('node:util');
const scratch = process.argv[1] + '/scratch';
process.on('message', asked => {
  const [what, number, word] = asked.split(' ');
  const id = Number(number);
  if (what === 'fill') {
    try {
      for (const name of ['tmp', 'shm']) fs.mkdirSync(scratch + '/' + name, { mode: 0o700 });
      fs.cpSync(Buffer.from(word, 'hex').toString(), scratch + '/submission', { recursive: true });
      process.send({ id, done: true });
    } catch (error) {
      process.send({ id, error: error.message });
    }
    return;
  }
  const port = Number(word);
  let handle;
  let failed;
  for (let left = 20; left > 0; left--) {
    const at = port || 10240 + Math.floor(Math.random() * 20000);
    handle = net._createServerHandle('127.0.0.1', at, 4);
    // That the address is taken is told by bind for some sockets, and when it is asked for by others.
    failed = typeof handle === 'number' ? handle : handle.getsockname({});
    if (!failed) break;
    if (typeof handle !== 'number') handle.close();
    if (port !== 0) break;
  }
  if (failed) {
    const code = util.getSystemErrorName(failed);
    process.send({ id, code, error: 'bind ' + code });
    return;
  }
  process.send({ id }, handle, () => {
    handle.close();
    process.send({ id, done: true });
  });
});
process.on('disconnect', () => process.exit());
process.send({ pid: process.pid });
`;

/** The command of a holder. */
export function holderCommand({ tools, node, tmp }: SandboxOptions): string[] {
  return tools.python === undefined
    ? [node, '-e', inNode, tmp]
    : // Nothing of what a person or a site adds to Python is loaded.
      [tools.python, '-I', '-S', '-c', inPython, tmp];
}

/** The line that asks for a socket bound to this port. */
export const askBind = (id: number, port: number) => `bind ${id} ${port}`;

/** The line that asks for the files of a folder to be copied. */
export const askFill = (id: number, folder: string) =>
  `fill ${id} ${Buffer.from(folder).toString('hex')}`;

/** Tries whether a Python can be a holder: what it needs came with 3.6, and may be left out. */
export const PYTHON_TRIAL = ['-I', '-S', '-c', 'import os, _socket; _socket.socket.sendmsg'];
