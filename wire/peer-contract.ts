/** What a peer can do, is told, and fails with: the face of `peer.ts`. */
import type {
  AckPacket,
  ConnackPacket,
  PublishPacket,
  QoS,
  SubackPacket,
  WirePacket,
} from './trace.js';

/** Where the topics of fences begin, so that checks and rules can tell them from the exercise's. */
export const FENCE_PREFIX = '$fence/';

/** closed: the connection ended first · refused: the broker said no · aborted: by the signal. */
export type PeerErrorCode = 'closed' | 'refused' | 'malformed' | 'invalid' | 'aborted';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  constructor(
    readonly code: PeerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface PeerOptions {
  /** Answer PUBLISH and PUBREL at once (true). With false, `ack` does. */
  readonly autoAck?: boolean;
  /** A topic for `fence` that this peer may write and read; a random one under `$fence/` if absent. */
  readonly fenceTopic?: string;
}

export interface ConnectOptions {
  readonly clientId: string;
  readonly clean?: boolean;
  /** Seconds; 0, the default, switches keep-alive off. */
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: string | Uint8Array;
  readonly will?: {
    readonly topic: string;
    readonly payload: string | Uint8Array;
    readonly qos?: QoS;
    readonly retain?: boolean;
  };
}

export interface PublishOptions {
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly id?: number;
}

export interface Peer {
  /** Resolves with the CONNACK, whatever its return code. */
  connect(options: ConnectOptions): Promise<ConnackPacket>;
  /** Resolves with the SUBACK, also when it refuses. */
  subscribe(filters: string | readonly string[], qos?: QoS): Promise<SubackPacket>;
  unsubscribe(filters: string | readonly string[]): Promise<AckPacket>;
  /** Resolves at PUBACK or PUBCOMP; at QoS 0 once written. */
  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void>;
  ping(): Promise<void>;
  /** Sends a packet as it is. */
  send(packet: WirePacket): void;
  /** Answers a PUBLISH (PUBACK or PUBREC) or a PUBREL (PUBCOMP); only needed with autoAck: false. */
  ack(packet: WirePacket): void;
  /** Every PUBLISH received, in order, repetitions included. */
  readonly messages: readonly PublishPacket[];
  onMessage(listener: (message: PublishPacket) => void): () => void;
  onPacket(listener: (packet: WirePacket) => void): () => void;
  /** The first message, received already or to come, that fits. */
  until(
    predicate: (message: PublishPacket) => boolean,
    signal?: AbortSignal,
  ): Promise<PublishPacket>;
  /** Resolves when everything the broker had to deliver to this peer before now has arrived. */
  fence(signal?: AbortSignal): Promise<void>;
  /** Sends DISCONNECT and ends the connection; resolves once written, `closed` tells the rest. */
  disconnect(): Promise<void>;
  /** Ends the connection without DISCONNECT. */
  destroy(): void;
  readonly closed: Promise<void>;
}
