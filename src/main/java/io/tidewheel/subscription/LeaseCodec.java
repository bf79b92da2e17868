package io.tidewheel.subscription;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The stored form of leases that outlive their owner, and of the names of workers. */
final class LeaseCodec {
  private LeaseCodec() {}

  /** Workers by their first use, so that a name held by a thousand leases is written once. */
  static void encode(List<LeaseLeft> leases, Encoder out) {
    List<WorkerName> workers = leases.stream().map(LeaseLeft::worker).distinct().toList();
    Map<WorkerName, Integer> indexes = new HashMap<>();
    out.writeUnsigned(workers.size());
    for (WorkerName worker : workers) {
      indexes.put(worker, indexes.size());
      encodeWorker(worker, out);
    }
    out.writeUnsigned(leases.size());
    for (LeaseLeft lease : leases) {
      out.writeUnsigned(lease.offset());
      out.writeUnsigned(lease.delivery());
      out.writeSigned(lease.incarnation());
      out.writeUnsigned(lease.millisLeft());
      out.writeUnsigned(indexes.getOrDefault(lease.worker(), 0));
    }
  }

  static List<LeaseLeft> decode(Decoder in) {
    int workerCount = in.readSize();
    List<WorkerName> workers = new ArrayList<>();
    for (int i = 0; i < workerCount; i++) {
      workers.add(decodeWorker(in));
    }
    int count = in.readSize();
    List<LeaseLeft> leases = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long offset = in.readUnsigned();
      int delivery = in.readCount();
      int incarnation = (int) in.readSigned();
      long millisLeft = in.readUnsigned();
      int worker = in.readCount();
      if (worker >= workers.size()) {
        throw new DecodingException("worker " + worker + " of " + workers.size());
      }
      leases.add(new LeaseLeft(offset, delivery, incarnation, millisLeft, workers.get(worker)));
    }
    return leases;
  }

  static void encodeWorker(WorkerName worker, Encoder out) {
    out.writeText(worker.name());
    out.writeText(worker.version());
  }

  static WorkerName decodeWorker(Decoder in) {
    return new WorkerName(in.readText(), in.readText());
  }
}
