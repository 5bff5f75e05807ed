/**
 * Faults under load: how long no write is acknowledged, and whether each acknowledged one is there
 * once and in order afterwards. Writers use the client library, as users do.
 */
package social.starling.bench.failover;
