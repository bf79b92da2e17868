package io.tidewheel.subscription;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.journal.LogCodec;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Closing;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.LeasesTakenOver;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import io.tidewheel.subscription.SubscriptionEvent.Sought;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The stored form of what subscriptions know. The settled offsets of a snapshot are in the portable
 * format of the RoaringBitmap specification, relative to the floor.
 */
public final class SubscriptionCodec implements LogCodec<SubscriptionEvent, SubscriptionState> {
  private static final String SETTLED = "settled-1";
  private static final String SOUGHT = "sought-1";
  private static final String CLOSING = "closing-1";
  private static final String LEASES_TAKEN_OVER = "leases-taken-over-1";
  private static final String STATE = "state-1";

  /** Added to the cause of a dying message that holds its key. */
  private static final int PARKING = 16;

  @Override
  public String family() {
    return "subscription";
  }

  @Override
  public Class<SubscriptionEvent> eventType() {
    return SubscriptionEvent.class;
  }

  @Override
  public Class<SubscriptionState> stateType() {
    return SubscriptionState.class;
  }

  @Override
  public String manifest(SubscriptionEvent event) {
    if (event instanceof Settled) {
      return SETTLED;
    }
    if (event instanceof Closing) {
      return CLOSING;
    }
    return event instanceof Sought ? SOUGHT : LEASES_TAKEN_OVER;
  }

  @Override
  public void encode(SubscriptionEvent event, Encoder out) {
    out.writeUnsigned(event.atMillis());
    if (event instanceof Settled settled) {
      encodeSettled(settled, out);
    } else if (event instanceof Sought sought) {
      out.writeUnsigned(sought.generation());
      out.writeUnsigned(sought.offset());
    } else if (event instanceof Closing closing) {
      LeaseCodec.encode(closing.leases(), out);
    }
  }

  @Override
  public SubscriptionEvent decode(String manifest, Decoder in) {
    return switch (manifest) {
      case SETTLED -> decodeSettled(in);
      case SOUGHT -> new Sought(in.readUnsigned(), in.readUnsigned(), in.readUnsigned());
      case CLOSING -> new Closing(in.readUnsigned(), LeaseCodec.decode(in));
      case LEASES_TAKEN_OVER -> new LeasesTakenOver(in.readUnsigned());
      default -> throw new DecodingException("unknown manifest " + manifest);
    };
  }

  @Override
  public String stateManifest() {
    return STATE;
  }

  @Override
  public void encodeState(SubscriptionState state, Encoder out) {
    int before = out.length();
    SubscriptionImage image = state.image();
    out.writeUnsigned(image.generation());
    out.writeUnsigned(image.soughtAtMillis());
    out.writeUnsigned(image.startOffset());
    out.writeUnsigned(image.floor());
    out.writeUnsigned(image.ackedCount());
    out.writeUnsigned(image.deadCount());
    out.writeUnsigned(image.skippedCount());
    out.writeUnsigned(image.filteredCount());
    SettledSet.encode(image.settledBeyond(), out);
    encodeRetries(image.retries(), out);
    encodeHistories(image.histories(), out);
    out.writeUnsigned(image.nextNumber());
    encodeOutbox(image.outbox(), out);
    LeaseCodec.encode(List.copyOf(image.leases().values()), out);
    encodeParked(image.parked(), out);
    encodeMarks(image.rowMarks(), out);
    assert out.length() - before <= SubscriptionState.MAX_SNAPSHOT_BYTES
        : "a snapshot of " + (out.length() - before) + " bytes";
  }

  @Override
  public SubscriptionState decodeState(String manifest, Decoder in) {
    if (!manifest.equals(STATE)) {
      throw new DecodingException("unknown manifest " + manifest);
    }
    long generation = in.readUnsigned();
    long soughtAt = in.readUnsigned();
    long startOffset = in.readUnsigned();
    long floor = in.readUnsigned();
    long acked = in.readUnsigned();
    long dead = in.readUnsigned();
    long skipped = in.readUnsigned();
    long filtered = in.readUnsigned();
    var settledBeyond = SettledSet.decode(in);
    SortedMap<Long, Retry> retries = decodeRetries(in);
    SortedMap<Long, List<Attempt>> histories = decodeHistories(in);
    long nextNumber = in.readUnsigned();
    SortedMap<Long, Pending> outbox = decodeOutbox(in);
    TreeMap<Long, LeaseLeft> leases = new TreeMap<>();
    LeaseCodec.decode(in).forEach(lease -> leases.put(lease.offset(), lease));
    return SubscriptionState.of(
        new SubscriptionImage(
            generation,
            soughtAt,
            startOffset,
            floor,
            settledBeyond,
            retries,
            histories,
            outbox,
            nextNumber,
            leases,
            acked,
            dead,
            skipped,
            filtered,
            decodeParked(in),
            decodeMarks(in)));
  }

  private static void encodeMarks(RowMarks marks, Encoder out) {
    out.writeUnsigned(marks.lastAtMillis());
    out.writeUnsigned(marks.settledEnd());
    out.writeUnsigned(marks.all().size());
    RowMarks.Mark before = new RowMarks.Mark(0, 0, 0);
    for (RowMarks.Mark mark : marks.all()) {
      out.writeUnsigned(mark.seqNr() - before.seqNr());
      out.writeUnsigned(mark.atMillis() - before.atMillis());
      out.writeUnsigned(mark.settledEnd() - before.settledEnd());
      before = mark;
    }
  }

  private static RowMarks decodeMarks(Decoder in) {
    RowMarks marks = new RowMarks();
    marks.note(in.readUnsigned(), in.readUnsigned());
    RowMarks.Mark before = new RowMarks.Mark(0, 0, 0);
    for (int count = in.readSize(); count > 0; count--) {
      before =
          new RowMarks.Mark(
              before.seqNr() + in.readUnsigned(),
              before.atMillis() + in.readUnsigned(),
              before.settledEnd() + in.readUnsigned());
      marks.put(before);
    }
    return marks;
  }

  private static void encodeSettled(Settled settled, Encoder out) {
    out.writeUnsigned(settled.acks().size());
    for (Acks group : settled.acks()) {
      LeaseCodec.encodeWorker(group.worker(), out);
      group.offsets().encode(out);
    }
    settled.skipped().encode(out);
    out.writeUnsigned(settled.retried().size());
    for (Retried retried : settled.retried()) {
      out.writeUnsigned(retried.offset());
      out.writeUnsigned(retried.attempts());
      out.writeUnsigned(retried.deliveries());
      out.writeSigned(retried.notBeforeMillis() - settled.atMillis());
      out.writeByte(retried.cause().code());
      out.writeNullableText(retried.reason());
    }
    out.writeUnsigned(settled.dying().size());
    for (Dying dying : settled.dying()) {
      out.writeUnsigned(dying.offset());
      out.writeUnsigned(dying.attempts());
      out.writeUnsigned(dying.deliveries());
      out.writeByte(dying.cause().code() + (dying.isParking() ? PARKING : 0));
      out.writeNullableText(dying.reason());
    }
    out.writeUnsigned(settled.firstNumber());
    out.writeUnsigned(settled.deadLettered().size());
    settled.deadLettered().forEach(out::writeUnsigned);
    settled.filtered().encode(out);
    settled.reopened().encode(out);
    settled.buried().encode(out);
  }

  private static Settled decodeSettled(Decoder in) {
    long at = in.readUnsigned();
    int groups = in.readSize();
    List<Acks> acks = new ArrayList<>();
    for (int i = 0; i < groups; i++) {
      acks.add(new Acks(LeaseCodec.decodeWorker(in), Offsets.decode(in)));
    }
    Offsets skipped = Offsets.decode(in);
    int retriedCount = in.readSize();
    List<Retried> retried = new ArrayList<>();
    for (int i = 0; i < retriedCount; i++) {
      retried.add(
          new Retried(
              in.readUnsigned(),
              in.readCount(),
              in.readCount(),
              at + in.readSigned(),
              decodeCause(in),
              in.readNullableText()));
    }
    int dyingCount = in.readSize();
    List<Dying> dying = new ArrayList<>();
    for (int i = 0; i < dyingCount; i++) {
      long offset = in.readUnsigned();
      int attempts = in.readCount();
      int deliveries = in.readCount();
      int code = in.readByte();
      boolean isParking = code >= PARKING;
      Cause cause = cause(isParking ? code - PARKING : code);
      dying.add(new Dying(offset, attempts, deliveries, cause, in.readNullableText(), isParking));
    }
    long firstNumber = in.readUnsigned();
    int deadCount = in.readSize();
    List<Long> deadLettered = new ArrayList<>();
    for (int i = 0; i < deadCount; i++) {
      deadLettered.add(in.readUnsigned());
    }
    return new Settled(
        at,
        acks,
        skipped,
        retried,
        dying,
        firstNumber,
        deadLettered,
        Offsets.decode(in),
        Offsets.decode(in),
        Offsets.decode(in));
  }

  /** Deliveries almost always equal attempts: one bit says so. */
  private static void encodeRetries(Map<Long, Retry> retries, Encoder out) {
    out.writeUnsigned(retries.size());
    long previousOffset = 0;
    long previousMillis = 0;
    for (Map.Entry<Long, Retry> entry : retries.entrySet()) {
      Retry retry = entry.getValue();
      boolean isSame = retry.deliveries() == retry.attempts();
      out.writeUnsigned(entry.getKey() - previousOffset);
      out.writeUnsigned(2L * retry.attempts() + (isSame ? 0 : 1));
      if (!isSame) {
        out.writeUnsigned(retry.deliveries());
      }
      out.writeSigned(retry.notBeforeMillis() - previousMillis);
      previousOffset = entry.getKey();
      previousMillis = retry.notBeforeMillis();
    }
  }

  private static SortedMap<Long, Retry> decodeRetries(Decoder in) {
    TreeMap<Long, Retry> retries = new TreeMap<>();
    int count = in.readSize();
    long offset = 0;
    long millis = 0;
    for (int i = 0; i < count; i++) {
      offset += in.readUnsigned();
      int code = in.readCount();
      int attempts = code / 2;
      int deliveries = code % 2 == 0 ? attempts : in.readCount();
      millis += in.readSigned();
      retries.put(offset, new Retry(attempts, deliveries, millis));
    }
    return retries;
  }

  private static void encodeHistories(Map<Long, List<Attempt>> histories, Encoder out) {
    out.writeUnsigned(histories.size());
    long previous = 0;
    for (Map.Entry<Long, List<Attempt>> entry : histories.entrySet()) {
      out.writeUnsigned(entry.getKey() - previous);
      out.writeUnsigned(entry.getValue().size());
      entry.getValue().forEach(attempt -> encodeAttempt(attempt, out));
      previous = entry.getKey();
    }
  }

  private static SortedMap<Long, List<Attempt>> decodeHistories(Decoder in) {
    TreeMap<Long, List<Attempt>> histories = new TreeMap<>();
    int count = in.readSize();
    long offset = 0;
    for (int i = 0; i < count; i++) {
      offset += in.readUnsigned();
      int size = in.readSize();
      List<Attempt> attempts = new ArrayList<>();
      for (int j = 0; j < size; j++) {
        attempts.add(decodeAttempt(in));
      }
      histories.put(offset, attempts);
    }
    return histories;
  }

  private static void encodeOutbox(Map<Long, Pending> outbox, Encoder out) {
    out.writeUnsigned(outbox.size());
    for (Pending pending : outbox.values()) {
      out.writeUnsigned(pending.number());
      out.writeUnsigned(pending.offset());
      out.writeUnsigned(2L * pending.attempts() + (pending.isParking() ? 1 : 0));
      out.writeUnsigned(pending.deliveries());
      encodeAttempt(pending.last(), out);
    }
  }

  private static SortedMap<Long, Pending> decodeOutbox(Decoder in) {
    TreeMap<Long, Pending> outbox = new TreeMap<>();
    int count = in.readSize();
    for (int i = 0; i < count; i++) {
      long number = in.readUnsigned();
      long offset = in.readUnsigned();
      int code = in.readCount();
      int deliveries = in.readCount();
      Pending pending =
          new Pending(number, offset, code / 2, decodeAttempt(in), deliveries, code % 2 == 1);
      outbox.put(pending.number(), pending);
    }
    return outbox;
  }

  private static void encodeParked(Map<Long, Integer> parked, Encoder out) {
    out.writeUnsigned(parked.size());
    long previous = 0;
    for (Map.Entry<Long, Integer> entry : parked.entrySet()) {
      out.writeUnsigned(entry.getKey() - previous);
      out.writeUnsigned(entry.getValue());
      previous = entry.getKey();
    }
  }

  private static SortedMap<Long, Integer> decodeParked(Decoder in) {
    TreeMap<Long, Integer> parked = new TreeMap<>();
    int count = in.readSize();
    long offset = 0;
    for (int i = 0; i < count; i++) {
      offset += in.readUnsigned();
      parked.put(offset, in.readCount());
    }
    return parked;
  }

  private static void encodeAttempt(Attempt attempt, Encoder out) {
    out.writeUnsigned(attempt.ordinal());
    out.writeUnsigned(attempt.atMillis());
    out.writeByte(attempt.cause().code());
    out.writeNullableText(attempt.reason());
  }

  private static Attempt decodeAttempt(Decoder in) {
    return new Attempt(in.readCount(), in.readUnsigned(), decodeCause(in), in.readNullableText());
  }

  private static Cause decodeCause(Decoder in) {
    return cause(in.readByte());
  }

  private static Cause cause(int code) {
    for (Cause cause : Cause.values()) {
      if (cause.code() == code) {
        return cause;
      }
    }
    throw new DecodingException("unknown cause " + code);
  }
}
