package io.tidewheel.cluster;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.SerializerWithStringManifest;
import akka.serialization.Serializers;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueWire;
import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.SubscriptionWire;
import org.jspecify.annotations.Nullable;

/**
 * Writes what nodes send each other for every message: appends, pulls, deliveries, settlings. The
 * manifest is a name and a version. Rare messages have the form of {@link
 * io.tidewheel.message.Control}, also inside a {@link Queue.ToReader}.
 */
public final class WireSerializer extends SerializerWithStringManifest {
  static final int IDENTIFIER = 7_302;
  private static final String APPEND = "append-1";
  private static final String APPEND_REPLY = "append-reply-1";
  private static final String TO_READER = "to-reader-1";
  private static final String PULL = "pull-1";
  private static final String PULLED = "pulled-1";
  private static final String SETTLE = "settle-1";
  private static final String SETTLED = "settled-1";

  private final ExtendedActorSystem system;
  private volatile @Nullable ActorRefResolver resolver;

  /** Called by Akka, by the binding in its configuration. */
  public WireSerializer(ExtendedActorSystem system) {
    this.system = system;
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object object) {
    if (object instanceof Queue.Append) {
      return APPEND;
    }
    if (object instanceof AppendReply) {
      return APPEND_REPLY;
    }
    if (object instanceof Queue.ToReader) {
      return TO_READER;
    }
    if (object instanceof Subscription.Pull) {
      return PULL;
    }
    if (object instanceof Subscription.Pulled) {
      return PULLED;
    }
    if (object instanceof Subscription.Settle) {
      return SETTLE;
    }
    if (object instanceof Subscription.Settled) {
      return SETTLED;
    }
    throw new IllegalArgumentException("not sent between nodes: " + object.getClass().getName());
  }

  @Override
  public byte[] toBinary(Object object) {
    if (object instanceof Queue.Append append) {
      int weight = 128;
      for (var message : append.messages()) {
        weight += message.weight();
      }
      Encoder out = new Encoder(weight);
      QueueWire.encode(append, out, this::address);
      return out.toByteArray();
    }
    if (object instanceof Subscription.Pulled pulled) {
      int weight = 64;
      for (var delivery : pulled.deliveries()) {
        weight += delivery.message().weight() + 48;
      }
      Encoder out = new Encoder(weight);
      SubscriptionWire.encode(pulled, out);
      return out.toByteArray();
    }
    Encoder out = new Encoder(256);
    if (object instanceof AppendReply reply) {
      QueueWire.encode(reply, out);
    } else if (object instanceof Queue.ToReader routed) {
      encode(routed, out);
    } else if (object instanceof Subscription.Pull pull) {
      SubscriptionWire.encode(pull, out, this::address);
    } else if (object instanceof Subscription.Settle settle) {
      SubscriptionWire.encode(settle, out, this::address);
    } else {
      SubscriptionWire.encode((Subscription.Settled) object, out);
    }
    return out.toByteArray();
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    Decoder in = new Decoder(bytes);
    Object object =
        switch (manifest) {
          case APPEND -> QueueWire.decodeAppend(in, this::actor);
          case APPEND_REPLY -> QueueWire.decodeReply(in);
          case TO_READER -> decodeToReader(in);
          case PULL -> SubscriptionWire.decodePull(in, this::actor, this::actor);
          case PULLED -> SubscriptionWire.decodePulled(in);
          case SETTLE -> SubscriptionWire.decodeSettle(in, this::actor);
          case SETTLED -> SubscriptionWire.decodeSettled(in);
          default -> throw new DecodingException("unknown manifest " + manifest);
        };
    in.expectEnd();
    return object;
  }

  private void encode(Queue.ToReader routed, Encoder out) {
    Serializer serializer = serialization().findSerializerFor(routed.command());
    out.writeUnsigned(routed.subscriptionUid());
    out.writeUnsigned(serializer.identifier());
    out.writeText(Serializers.manifestFor(serializer, routed.command()));
    out.writeBlob(serializer.toBinary(routed.command()));
  }

  private Queue.ToReader decodeToReader(Decoder in) {
    long subscriptionUid = in.readUnsigned();
    int serializer = in.readCount();
    String manifest = in.readText();
    Object command = serialization().deserialize(in.readBlob(), serializer, manifest).get();
    if (command instanceof Reader.Command reader) {
      return new Queue.ToReader(subscriptionUid, reader);
    }
    throw new DecodingException("no command for a reader: " + manifest);
  }

  private Serialization serialization() {
    return SerializationExtension.get(system);
  }

  private String address(ActorRef<?> actor) {
    return resolver().toSerializationFormat(actor);
  }

  private <T> ActorRef<T> actor(String address) {
    return resolver().resolveActorRef(address);
  }

  /** Not in the constructor: the system is not whole yet while it makes its serializers. */
  private ActorRefResolver resolver() {
    ActorRefResolver known = resolver;
    if (known == null) {
      known = ActorRefResolver.get(Adapter.toTyped(system));
      resolver = known;
    }
    return known;
  }
}
