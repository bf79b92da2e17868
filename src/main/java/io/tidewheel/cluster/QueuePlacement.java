package io.tidewheel.cluster;

import akka.cluster.sharding.typed.ShardingEnvelope;
import akka.cluster.sharding.typed.ShardingMessageExtractor;
import io.tidewheel.message.KeyHash;
import io.tidewheel.queue.Queue;

/**
 * Which shard a queue belongs to: the hash of its topic's uid plus its number. So the queues of a
 * topic lie on consecutive shards, and spread over nodes as evenly as shards do.
 */
final class QueuePlacement
    extends ShardingMessageExtractor<ShardingEnvelope<Queue.Command>, Queue.Command> {
  private final int shards;

  QueuePlacement(int shards) {
    this.shards = shards;
  }

  /** Names a queue for sharding. */
  static String entityId(long topicUid, int queue) {
    return topicUid + "-" + queue;
  }

  static long topicUid(String entityId) {
    return Long.parseLong(entityId.substring(0, entityId.indexOf('-')));
  }

  static int queue(String entityId) {
    return Integer.parseInt(entityId.substring(entityId.indexOf('-') + 1));
  }

  @Override
  public String entityId(ShardingEnvelope<Queue.Command> envelope) {
    return envelope.entityId();
  }

  @Override
  public String shardId(String entityId) {
    long place = KeyHash.mix(topicUid(entityId)) + queue(entityId);
    return Long.toString(Long.remainderUnsigned(place, shards));
  }

  @Override
  public Queue.Command unwrapMessage(ShardingEnvelope<Queue.Command> envelope) {
    return envelope.message();
  }
}
