package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageWire;
import io.tidewheel.subscription.Subscription.Pull;
import io.tidewheel.subscription.Subscription.Pulled;
import io.tidewheel.subscription.Subscription.Settle;
import io.tidewheel.subscription.Subscription.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The binary form of pulls, deliveries and settlings between nodes. */
public final class SubscriptionWire {
  /** By their place here, which never changes. */
  private static final List<SettleStatus> STATUSES =
      List.of(
          SettleStatus.ACKED,
          SettleStatus.NACKED,
          SettleStatus.RELEASED,
          SettleStatus.REJECTED,
          SettleStatus.EXTENDED,
          SettleStatus.EXPIRED,
          SettleStatus.INVALID,
          SettleStatus.RETRY);

  private SubscriptionWire() {}

  /**
   * Writes a pull.
   *
   * @param address writes actor references so that they can be read elsewhere
   */
  public static void encode(Pull pull, Encoder out, Function<ActorRef<?>, String> address) {
    ActorRef<?> watch = pull.watch();
    out.writeUnsigned(pull.max());
    out.writeUnsigned(pull.maxBytes());
    out.writeUnsigned(pull.leaseMillis());
    out.writeText(pull.worker());
    out.writeText(pull.version());
    out.writeNullableText(watch == null ? null : address.apply(watch));
    out.writeUnsigned(pull.call());
    out.writeText(address.apply(pull.replyTo()));
  }

  /** Reads a pull. */
  public static Pull decodePull(
      Decoder in, Function<String, ActorRef<Pulled>> actor, Function<String, ActorRef<?>> worker) {
    int max = in.readCount();
    int maxBytes = in.readCount();
    long leaseMillis = in.readUnsigned();
    String name = in.readText();
    String version = in.readText();
    String watch = in.readNullableText();
    return new Pull(
        max,
        maxBytes,
        leaseMillis,
        name,
        version,
        watch == null ? null : worker.apply(watch),
        in.readCount(),
        actor.apply(in.readText()));
  }

  /** Writes deliveries; their messages first, which travel as one. */
  public static void encode(Pulled pulled, Encoder out) {
    out.writeUnsigned(pulled.call());
    out.writeUnsigned(pulled.dispatchableLeft());
    MessageWire.encode(pulled.deliveries().stream().map(Delivery::message).toList(), out);
    for (Delivery delivery : pulled.deliveries()) {
      encode(delivery.receipt(), out);
      out.writeUnsigned(delivery.attempt());
      out.writeUnsigned(delivery.publishedAtMillis());
      out.writeUnsigned(delivery.deadlineMillis());
      out.writeByte(delivery.isSuspect() ? 1 : 0);
    }
  }

  public static Pulled decodePulled(Decoder in) {
    int call = in.readCount();
    long dispatchableLeft = in.readUnsigned();
    List<Delivery> deliveries = new ArrayList<>();
    for (Message message : MessageWire.decode(in)) {
      deliveries.add(
          new Delivery(
              decodeReceipt(in),
              message,
              in.readCount(),
              in.readUnsigned(),
              in.readUnsigned(),
              in.readByte() == 1));
    }
    return new Pulled(call, deliveries, dispatchableLeft);
  }

  /** Writes a settling. */
  public static void encode(Settle settle, Encoder out, Function<ActorRef<?>, String> address) {
    encode(settle.action(), out);
    out.writeUnsigned(settle.receipts().size());
    settle.receipts().forEach(receipt -> encode(receipt, out));
    out.writeText(address.apply(settle.replyTo()));
  }

  /** Reads a settling. */
  public static Settle decodeSettle(Decoder in, Function<String, ActorRef<Settled>> actor) {
    SettleAction action = decodeAction(in);
    List<Receipt> receipts = new ArrayList<>();
    for (int count = in.readSize(); count > 0; count--) {
      receipts.add(decodeReceipt(in));
    }
    return new Settle(action, receipts, actor.apply(in.readText()));
  }

  public static void encode(Settled settled, Encoder out) {
    out.writeUnsigned(settled.statuses().size());
    for (SettleStatus status : settled.statuses()) {
      int place = STATUSES.indexOf(status);
      if (place < 0) {
        throw new IllegalStateException(status + " has no place");
      }
      out.writeByte(place);
    }
  }

  public static Settled decodeSettled(Decoder in) {
    List<SettleStatus> statuses = new ArrayList<>();
    for (int count = in.readSize(); count > 0; count--) {
      int place = in.readByte();
      if (place >= STATUSES.size()) {
        throw new DecodingException("unknown status: " + place);
      }
      statuses.add(STATUSES.get(place));
    }
    return new Settled(statuses);
  }

  private static void encode(SettleAction action, Encoder out) {
    if (action instanceof SettleAction.Ack) {
      out.writeByte(1);
    } else if (action instanceof SettleAction.Nack nack) {
      out.writeByte(2);
      encode(nack.delay(), out);
      out.writeNullableText(nack.reason());
    } else if (action instanceof SettleAction.Release) {
      out.writeByte(3);
    } else if (action instanceof SettleAction.Reject reject) {
      out.writeByte(4);
      out.writeNullableText(reject.reason());
    } else {
      out.writeByte(5);
      encode(((SettleAction.Extend) action).lease(), out);
    }
  }

  private static SettleAction decodeAction(Decoder in) {
    int kind = in.readByte();
    return switch (kind) {
      case 1 -> new SettleAction.Ack();
      case 2 -> new SettleAction.Nack(decodeDuration(in), in.readNullableText());
      case 3 -> new SettleAction.Release();
      case 4 -> new SettleAction.Reject(in.readNullableText());
      case 5 -> new SettleAction.Extend(decodeDuration(in));
      default -> throw new DecodingException("unknown action: " + kind);
    };
  }

  /** In milliseconds and one more; 0 for none. */
  private static void encode(@Nullable Duration duration, Encoder out) {
    out.writeUnsigned(duration == null ? 0 : duration.toMillis() + 1);
  }

  private static @Nullable Duration decodeDuration(Decoder in) {
    long millis = in.readUnsigned();
    return millis == 0 ? null : Duration.ofMillis(millis - 1);
  }

  private static void encode(Receipt receipt, Encoder out) {
    out.writeUnsigned(receipt.subscriptionUid());
    out.writeUnsigned(receipt.generation());
    out.writeUnsigned(receipt.queue());
    out.writeUnsigned(receipt.offset());
    out.writeSigned(receipt.incarnation());
    out.writeUnsigned(receipt.delivery());
  }

  private static Receipt decodeReceipt(Decoder in) {
    return new Receipt(
        in.readUnsigned(),
        in.readUnsigned(),
        in.readCount(),
        in.readUnsigned(),
        (int) in.readSigned(),
        in.readCount());
  }
}
