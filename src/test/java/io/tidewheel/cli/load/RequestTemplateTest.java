package io.tidewheel.cli.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.cli.load.RequestTemplate.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RequestTemplateTest {
  @Test
  void writesNumbersAnew() {
    RequestTemplate.Builder body = new RequestTemplate.Builder().text("<").number(Field.KEY, 4);
    RequestTemplate template =
        new RequestTemplate.Builder()
            .text("topic-")
            .number(Field.TOPIC, 2)
            .text(" ")
            .append(body)
            .append(body)
            .text(">")
            .build();
    long[] next = {7};
    assertThat(text(template.fill(field -> next[0]++))).isEqualTo("topic-07 <0008<0009>");
    assertThat(text(template.fill(field -> next[0]++))).isEqualTo("topic-10 <0011<0012>");
    assertThat(text(template.fill(field -> 123_456))).isEqualTo("topic-56 <3456<3456>");
  }

  private static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }
}
