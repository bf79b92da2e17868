package io.tidewheel.session;

import io.tidewheel.feedback.CpuLaw;

/**
 * How much of what it wants a worker may hold, by how busy its host is. It holds less only while
 * another one has processors to spare: else its messages would wait for nobody. For one thread.
 */
final class HostShare {
  private static final double HIGH_MARK = 0.8;
  private static final double LEAST_SHARE = 0.1;

  /** A host that others can turn to is less busy than this. */
  private static final double SPARE_MARK = 0.6;

  private final HostLoads loads;
  private final CpuLaw law = new CpuLaw(HIGH_MARK, LEAST_SHARE);

  HostShare(HostLoads loads) {
    this.loads = loads;
  }

  /** Takes how busy the host is, from 0 to 1, a few times a second. */
  void sample(long subscriptionUid, double busy) {
    loads.tell(subscriptionUid, this, busy);
    boolean isSpare = loads.isAnotherBelow(subscriptionUid, this, SPARE_MARK);
    law.sample(isSpare ? busy : Math.min(busy, SPARE_MARK));
  }

  void end(long subscriptionUid) {
    loads.forget(subscriptionUid, this);
  }

  /**
   * How many more may be held of those it wants, one at least in all.
   *
   * @param room wanted and not asked for yet
   * @param held or on the way
   */
  int room(int room, int held) {
    int most = Math.max(1, (int) Math.ceil(law.share() * (room + held)));
    return Math.min(room, most - held);
  }
}
