package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries of a session that wait to be settled, and those whose settle is not answered.
 *
 * <p>While settles are without an answer, what waits goes on its way when it is half as much as
 * they hold, or enough to be worth a frame: the broker stores each frame by itself, and many small
 * ones cost it more than they gain.
 */
final class Settles {
  /** Frames without an answer. */
  private static final int MAX_CALLS = 64;

  /** So many travel whatever else is on its way. */
  private static final int GOOD_HANDLES = 64;

  private static final int MAX_HANDLES = 1_000;

  private final Map<Kind, List<Held>> waiting = new LinkedHashMap<>();
  private final Map<Long, Call> calls = new HashMap<>();
  private long lastRequest;
  private int waitingCount;
  private int openCount;

  /**
   * What is done in one frame.
   *
   * @param millis as in {@link Frame.Settle}
   */
  record Kind(int ref, Frame.Action action, long millis, @Nullable String reason) {}

  /** Deliveries that are settled together. */
  record Call(Kind kind, List<Held> held) {}

  void add(Kind kind, Held held) {
    waiting.computeIfAbsent(kind, each -> new ArrayList<>()).add(held);
    waitingCount++;
  }

  boolean isReady() {
    return waitingCount > 0
        && calls.size() < MAX_CALLS
        && waitingCount >= Math.min(GOOD_HANDLES, openCount / 2);
  }

  /** Adds frames for what waits. */
  void take(List<Frame.FromClient> frames) {
    if (!isReady()) {
      return;
    }
    waiting.forEach(
        (kind, held) -> {
          for (int from = 0; from < held.size(); from += MAX_HANDLES) {
            List<Held> some = held.subList(from, Math.min(held.size(), from + MAX_HANDLES));
            long request = ++lastRequest;
            calls.put(request, new Call(kind, some));
            frames.add(
                new Frame.Settle(
                    kind.ref(),
                    request,
                    kind.action(),
                    kind.millis(),
                    kind.reason(),
                    some.stream().map(Held::handle).toList()));
          }
        });
    openCount += waitingCount;
    waitingCount = 0;
    waiting.clear();
  }

  @Nullable Call answered(long request) {
    Call call = calls.remove(request);
    openCount -= call == null ? 0 : call.held().size();
    return call;
  }

  /** All that is not answered. */
  List<Call> takeAll() {
    List<Call> all = new ArrayList<>(calls.values());
    waiting.forEach((kind, held) -> all.add(new Call(kind, held)));
    calls.clear();
    waiting.clear();
    waitingCount = 0;
    openCount = 0;
    return all;
  }
}
