import type { BrokerLimits } from './types.js';

/** Mosquitto's defaults; the packet size is that of 2.1. */
export const DEFAULT_LIMITS: Required<BrokerLimits> = {
  maxPacketSize: 2_000_000,
  messageSizeLimit: 0,
  maxQos: 2,
  retainAvailable: true,
  maxInflight: 20,
  maxQueued: 1000,
  maxConnections: -1,
  maxKeepalive: 0,
  allowZeroLengthClientId: true,
  persistentClientExpiration: 0,
  maxTopicAlias: 10,
  acceptProtocolVersions: [3, 4, 5],
};

export function withDefaults(limits: BrokerLimits = {}): Required<BrokerLimits> {
  return { ...DEFAULT_LIMITS, ...limits };
}
