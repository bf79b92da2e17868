package io.tidewheel.session.frame;

import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import java.io.IOException;

/** Writes what waits, for one who watches. */
final class BacklogWriter {
  private static final int ROW_FIELDS = 22;

  private BacklogWriter() {}

  /** All but the end of the frame. */
  static void write(Frame.Backlog frame, CBORGenerator out) throws IOException {
    out.writeStartArray(frame, 6);
    out.writeNumber(FrameKind.BACKLOG.number());
    out.writeNumber(frame.ref());
    out.writeBoolean(frame.isReset());
    out.writeBoolean(frame.isPart());
    out.writeStartArray(frame.rows(), frame.rows().size());
    for (Frame.BacklogRow row : frame.rows()) {
      write(row, out);
    }
    out.writeEndArray();
    out.writeStartArray(frame.gone(), frame.gone().size());
    for (Frame.BacklogPlace place : frame.gone()) {
      out.writeStartArray(place, 2);
      write(place, out);
      out.writeEndArray();
    }
    out.writeEndArray();
  }

  private static void write(Frame.BacklogRow row, CBORGenerator out) throws IOException {
    out.writeStartArray(row, ROW_FIELDS);
    write(row.place(), out);
    out.writeString(row.topic());
    out.writeString(row.subscription());
    out.writeString(row.node());
    Frame.Counts counts = row.counts();
    out.writeNumber(counts.backlog());
    out.writeNumber(counts.waiting());
    out.writeNumber(counts.leased());
    out.writeNumber(counts.dispatchable());
    out.writeNumber(counts.lag());
    out.writeNumber(counts.deadLetters());
    out.writeNumber(row.oldestAtMillis());
    out.writeNumber(row.workers());
    Frame.RatesPerSecond rates = row.rates();
    out.writeNumber(rates.in());
    out.writeNumber(rates.out());
    out.writeNumber(rates.failed());
    out.writeNumber(row.drainSeconds());
    out.writeNumber(row.allowedRate());
    out.writeString(row.allowedReason());
    if (row.stopReason() == null) {
      out.writeNull();
    } else {
      out.writeString(row.stopReason());
    }
    out.writeBoolean(row.isPaused());
    out.writeBoolean(row.isAsleep());
    out.writeEndArray();
  }

  private static void write(Frame.BacklogPlace place, CBORGenerator out) throws IOException {
    out.writeNumber(place.subscriptionUid());
    out.writeNumber(place.queue());
  }
}
