import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';

/** A server that takes MQTT over WebSocket (`3.1.1`, section 6): binary frames, subprotocol `mqtt`
 * (or `mqttv3.1`, as Mosquitto), packets cut into frames in any way. */
export function webSocketServer(
  tls: TlsOptions | undefined,
  onStream: (stream: Duplex, socket: Socket) => void,
): Server {
  const nothing = (_request: unknown, response: import('node:http').ServerResponse): void => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' });
    response.end('Here is an MQTT broker; it speaks WebSocket.\n');
  };
  const server = tls === undefined ? createHttpServer(nothing) : createHttpsServer(tls, nothing);
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: false,
    maxPayload: 1 << 24,
    handleProtocols: offered => {
      for (const name of ['mqtt', 'mqttv3.1']) if (offered.has(name)) return name;
      return false;
    },
  });
  sockets.on('connection', (webSocket, request) => {
    const stream = createWebSocketStream(webSocket);
    stream.on('error', () => {});
    // `3.1.1 MQTT-6.0.0-1`, `5.0 MQTT-6.0.0-1`: a text frame ends the connection, and is not read.
    webSocket.prependListener('message', (_data, binary: boolean) => {
      if (!binary) stream.destroy();
    });
    onStream(stream, request.socket);
  });
  // Idle keep-alive HTTP connections must not keep a stopped broker alive.
  const close = server.close.bind(server);
  server.close = callback => {
    for (const client of sockets.clients) client.terminate();
    close(callback);
    server.closeAllConnections();
    return server;
  };
  return server;
}
