package io.tidewheel.cli.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Pulls, acks what came, nacks a share of it, and pulls again; or pulls and leaves the acks to
 * others. In a run that publishes, too, messages of the warm-up and of others are acked apart, and
 * count nowhere.
 */
final class ConsumeScript implements Script {
  private static final byte[] RECEIPT = "\"receipt\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ACKED = "\"acked\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NACKED = "\"nacked\"".getBytes(StandardCharsets.US_ASCII);
  private static final long REFUSED_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** So many pulls of each consumer that bring nothing, in a row: nothing is left. */
  private static final int EMPTY_PULLS = 3;

  /** Pulls that wait for their acks when both are done apart. */
  private static final int MAX_AHEAD = 16;

  private enum Step {
    PULL,
    ACK,
    ACK_OTHERS,
    NACK
  }

  private final LoadPlan plan;
  private final RunState state;
  private final Meters meters;
  private final SplittableRandom random;
  private final byte[] mark;
  private final RequestBuffer pull;
  private final RequestBuffer ack;
  private final RequestBuffer nack;
  private final ReceiptList acks = new ReceiptList("");
  private final ReceiptList nacks;
  private final ReceiptList others = new ReceiptList("");
  private Step step = Step.PULL;
  private long startNanos;
  private long pullNanos;
  private int granted;

  ConsumeScript(LoadPlan plan, RunState state, Meters meters, int number) {
    this.plan = plan;
    this.state = state;
    this.meters = meters;
    this.random = new SplittableRandom(plan.seed() - 1 - number);
    this.mark = Payload.mark(plan);
    int topics = plan.topics().size();
    String subscription = plan.subscriptions().get(number / topics % plan.subscriptions().size());
    String path =
        "/v1/topics/"
            + plan.topics().get(number % topics)
            + "/subscriptions/"
            + subscription
            + "/messages:";
    this.pull = new RequestBuffer(path + "pull", plan.host());
    this.ack = new RequestBuffer(path + "ack", plan.host());
    this.nack = new RequestBuffer(path + "nack", plan.host());
    this.nacks = new ReceiptList(",\"delay\":\"" + plan.nackDelay().toMillis() + "ms\"");
  }

  @Override
  public boolean isPaced() {
    return false;
  }

  @Override
  public boolean isReady(long nowNanos) {
    if (step != Step.PULL || isOver()) {
      return true;
    }
    granted = plan.pullMax();
    return switch (plan.mode()) {
      case ACK -> state.ackBodies().size() < MAX_AHEAD;
      case CONSUME -> {
        granted = state.takeUpTo(nowNanos, plan.pullMax());
        yield granted > 0;
      }
      default -> true;
    };
  }

  @Override
  public @Nullable ByteBuffer next(long start) {
    startNanos = start;
    return switch (step) {
      case PULL -> isOver() ? null : pull(start);
      case ACK_OTHERS -> ack.fill(others.bytes(), others.length());
      case ACK -> ack.fill(acks.bytes(), acks.length());
      case NACK -> nack.fill(nacks.bytes(), nacks.length());
    };
  }

  private ByteBuffer pull(long start) {
    pullNanos = start;
    byte[] body =
        ("{\"max\":" + granted + ",\"wait\":\"" + plan.pullWait().toMillis() + "ms\"}")
            .getBytes(StandardCharsets.US_ASCII);
    return pull.fill(body, body.length);
  }

  private boolean isOver() {
    return state.isStopping() || (plan.mode() != LoadPlan.Mode.BOTH && state.isWindowOver());
  }

  @Override
  public boolean isAwaited() {
    return step != Step.PULL;
  }

  @Override
  public long answered(AnswerReader answer, long nowNanos) {
    return switch (step) {
      case PULL -> pulled(answer, nowNanos);
      case ACK -> acked(answer, nowNanos);
      case ACK_OTHERS -> ackedOthers(answer);
      case NACK -> nacked(answer, nowNanos);
    };
  }

  @Override
  public void lost(String reason, long nowNanos) {
    if (state.isMeasured(startNanos)) {
      meters.failed(step.name().toLowerCase(Locale.ROOT) + ": " + reason, 1);
    }
    // After a pull nobody knows how many it took.
    giveBack(step == Step.PULL ? granted : (step == Step.ACK ? acks.count() : 0) + nacks.count());
    step = Step.PULL;
  }

  /** Only a consumer that has a number of messages to take owes an account of them. */
  private void giveBack(int count) {
    if (plan.mode() == LoadPlan.Mode.CONSUME && count > 0) {
      state.giveBack(pullNanos, count);
    }
  }

  private long pulled(AnswerReader answer, long nowNanos) {
    boolean isMeasured = state.isMeasured(startNanos);
    acks.clear();
    nacks.clear();
    others.clear();
    if (answer.status() >= 300) {
      if (isMeasured) {
        meters.failed("pull: HTTP " + answer.status(), 1);
      }
      giveBack(granted);
      return REFUSED_NANOS;
    }
    read(answer, nowNanos);
    int count = acks.count() + nacks.count() + others.count();
    giveBack(granted - count);
    if (count == 0) {
      if (isMeasured) {
        meters.of(Operation.PULL).counted(0);
      }
      if (plan.isDraining() && state.emptyPull() >= EMPTY_PULLS * plan.consumers()) {
        state.stop();
      }
      return 0;
    }
    state.fullPull();
    if (isMeasured) {
      meters.of(Operation.PULL).answered(nowNanos - startNanos, count);
    }
    if (plan.mode() == LoadPlan.Mode.ACK) {
      state.ackBodies().add(acks.copy());
      return 0;
    }
    step = after(Step.PULL);
    return 0;
  }

  /** The next step that has something to do. */
  private Step after(Step done) {
    if (done.compareTo(Step.ACK) < 0 && acks.count() > 0) {
      return Step.ACK;
    }
    if (done.compareTo(Step.ACK_OTHERS) < 0 && others.count() > 0) {
      return Step.ACK_OTHERS;
    }
    return done.compareTo(Step.NACK) < 0 && nacks.count() > 0 ? Step.NACK : Step.PULL;
  }

  /** One pass over the answer: receipts, and the times in payloads of this run. */
  private void read(AnswerReader answer, long nowNanos) {
    byte[] bytes = answer.bytes();
    int to = answer.bodyTo();
    int i = answer.bodyFrom();
    int receiptFrom = -1;
    int receiptTo = -1;
    boolean isOurs = false;
    while (i < to) {
      if (bytes[i] != '"') {
        i++;
      } else if (startsWith(bytes, i, to, RECEIPT)) {
        add(bytes, receiptFrom, receiptTo, isOurs);
        isOurs = plan.mode() != LoadPlan.Mode.BOTH;
        receiptFrom = i + RECEIPT.length;
        receiptTo = receiptFrom;
        while (receiptTo < to && bytes[receiptTo] != '"') {
          receiptTo++;
        }
        i = receiptTo + 1;
      } else if (startsWith(bytes, i, to, mark)) {
        int at = i + mark.length;
        long sentNanos = 0;
        for (int digit = at; digit < Math.min(to, at + Payload.TIME_DIGITS); digit++) {
          sentNanos = sentNanos * 10 + bytes[digit] - '0';
        }
        if (state.isMeasured(sentNanos)) {
          isOurs = true;
          meters.of(Operation.END_TO_END).answered(nowNanos - sentNanos, 1);
        }
        i += Math.max(mark.length, plan.payloadBytes() - 1);
      } else {
        i++;
      }
    }
    add(bytes, receiptFrom, receiptTo, isOurs);
  }

  private void add(byte[] bytes, int from, int to, boolean isOurs) {
    if (from < 0) {
      return;
    }
    if (!isOurs) {
      others.add(bytes, from, to);
      return;
    }
    boolean isNacked = plan.nackShare() > 0 && random.nextDouble() < plan.nackShare();
    (isNacked ? nacks : acks).add(bytes, from, to);
  }

  private static boolean startsWith(byte[] bytes, int from, int to, byte[] text) {
    return from + text.length <= to
        && Arrays.equals(bytes, from, from + text.length, text, 0, text.length);
  }

  private long acked(AnswerReader answer, long nowNanos) {
    int count = acks.count();
    boolean isMeasured = state.isMeasured(pullNanos) || plan.mode() == LoadPlan.Mode.BOTH;
    if (answer.status() >= 300) {
      return refused(Operation.ACK, answer, count, isMeasured);
    }
    int done = answer.status() == 200 ? count : answer.count(ACKED);
    if (isMeasured) {
      boolean isLate = plan.mode() == LoadPlan.Mode.BOTH && state.isWindowOver();
      meters.of(isLate ? Operation.CATCH_UP : Operation.ACK).answered(nowNanos - startNanos, done);
      if (done < count) {
        meters.failed("ack: not as asked", count - done);
      }
      state.acked(done, nowNanos);
    }
    if (plan.mode() == LoadPlan.Mode.CONSUME) {
      state.giveBack(pullNanos, count - done);
      state.settled(pullNanos, nowNanos, done);
    }
    step = after(Step.ACK);
    return 0;
  }

  private long ackedOthers(AnswerReader answer) {
    if (isForLater(answer)) {
      return REFUSED_NANOS;
    }
    step = after(Step.ACK_OTHERS);
    return 0;
  }

  /**
   * A nack takes those behind it in its key back, so that later nacks of the same key come late:
   * they are not taken, which is no failure.
   */
  private long nacked(AnswerReader answer, long nowNanos) {
    int count = nacks.count();
    boolean isMeasured = state.isMeasured(pullNanos) || plan.mode() == LoadPlan.Mode.BOTH;
    if (answer.status() >= 300) {
      return refused(Operation.NACK, answer, count, isMeasured);
    }
    int done = answer.status() == 200 ? count : answer.count(NACKED);
    if (isMeasured) {
      meters.of(Operation.NACK).answered(nowNanos - startNanos, done);
      meters.of(Operation.NACK).notTaken(count - done);
    }
    giveBack(count);
    step = Step.PULL;
    return 0;
  }

  private long refused(Operation operation, AnswerReader answer, int count, boolean isMeasured) {
    if (isMeasured) {
      meters.failed(operation.label() + ": HTTP " + answer.status(), count);
    }
    if (!isForLater(answer)) {
      giveBack(acks.count() * (operation == Operation.ACK ? 1 : 0) + nacks.count());
      step = Step.PULL;
    }
    return REFUSED_NANOS;
  }

  private static boolean isForLater(AnswerReader answer) {
    return answer.status() == 429 || answer.status() == 503;
  }
}
