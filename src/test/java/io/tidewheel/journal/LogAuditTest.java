package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogAuditTest {
  private final LogAudit.Chain chain = new LogAudit.Chain(true);

  @Test
  void takesOwnersThatNameTheOneBefore() {
    assertThat(chain.accept(1, new LogRow.Opened<>(1, "a", 0, 0))).isNull();
    assertThat(chain.accept(2, new LogRow.Checkpoint<>(1))).isNull();
    assertThat(chain.accept(3, new LogRow.Opened<>(2, "b", 1, 0))).isNull();
    assertThat(chain.finish()).isNull();
  }

  @Test
  void namesARowOfAnotherEpochWhenTheNextOneComes() {
    assertThat(chain.accept(1, new LogRow.Opened<>(1, "a", 0, 0))).isNull();
    assertThat(chain.accept(2, new LogRow.Checkpoint<>(4))).isNull();
    assertThat(chain.accept(3, new LogRow.Checkpoint<>(4))).contains("continues epoch 4");
    assertThat(chain.accept(4, new LogRow.Checkpoint<>(4))).isNull();
    assertThat(chain.finish()).isNull();
  }

  @Test
  void namesTheLastRow() {
    assertThat(chain.accept(1, new LogRow.Opened<>(1, "a", 0, 0))).isNull();
    assertThat(chain.accept(2, new LogRow.Checkpoint<>(4))).isNull();
    assertThat(chain.finish()).contains("continues epoch 4");
  }

  @Test
  void namesAnOwnerThatGoesBack() {
    assertThat(chain.accept(1, new LogRow.Opened<>(3, "a", 3, 0))).contains("opens epoch 3");
  }

  /** Where older rows were deleted, nothing is known of the epoch before. */
  @Test
  void beginsAtAnyRowOfATrimmedLog() {
    LogAudit.Chain trimmed = new LogAudit.Chain(false);
    assertThat(trimmed.accept(70, new LogRow.Checkpoint<>(9))).isNull();
    assertThat(trimmed.accept(71, new LogRow.Opened<>(10, "b", 9, 0))).isNull();
    assertThat(trimmed.finish()).isNull();
  }

  @Test
  void readsRowsAndRefusesOthers() {
    LogAudit audit = LogAudit.of(List.of());
    byte[] row = new RowSerializer(List.of()).toBinary(new LogRow.Checkpoint<>(5));
    assertThat(audit.row("row/checkpoint-1", row)).isEqualTo(new LogRow.Checkpoint<>(5));
    assertThatThrownBy(() -> audit.row("other/x-1", row)).isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> audit.state("row/checkpoint-1", row))
        .isInstanceOf(DecodingException.class);
  }
}
