package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.cluster.ClusterStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the files of the page may and may not hold. */
class PageRoutesTest {
  private static final Pattern IMPORTED = Pattern.compile("from \"\\./([a-z.]+)\"");

  @Test
  void servesEveryFileThereIsAndNoOther() throws Exception {
    try (var files = Files.list(Path.of("src/main/resources/io/tidewheel/http/page"))) {
      Set<String> found =
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
      Set<String> served = new HashSet<>(PageRoutes.FILES);
      served.add("index.html");
      assertThat(found).isEqualTo(served);
    }
  }

  @Test
  void importsOnlyWhatIsServed() {
    for (String name : PageRoutes.FILES) {
      Matcher imports = IMPORTED.matcher(text(name));
      while (imports.find()) {
        assertThat(PageRoutes.FILES).as(name).contains(imports.group(1));
      }
    }
  }

  @Test
  void isSmall() {
    long bytes = PageRoutes.read("index.html").length;
    for (String name : PageRoutes.FILES) {
      bytes += PageRoutes.read(name).length;
    }
    assertThat(bytes).isLessThan(200_000);
  }

  /** Text goes in as text only, and nothing is loaded from elsewhere. */
  @Test
  void neverMakesMarkupOfText() {
    for (String name : PageRoutes.FILES) {
      if (name.endsWith(".js")) {
        assertThat(text(name))
            .as(name)
            .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
            .doesNotContain("eval(", "new Function", "srcdoc", "DOMParser", "https://");
      }
    }
    assertThat(text("index.html")).doesNotContain("<style", " style=", "onclick", "https://");
    assertThat(PageRoutes.POLICY).startsWith("default-src 'none'").doesNotContain("unsafe");
  }

  @Test
  void letsThePageReachOtherMembersOnly() {
    ClusterStatus status =
        new ClusterStatus(
            "a:1",
            2,
            3,
            true,
            "serving",
            null,
            List.of(),
            List.of(
                member("a:1", "http://a:8080"),
                member("b:1", "http://b:8080"),
                member("c:1", null),
                member("d:1", "http://d; script-src *")));
    assertThat(PageRoutes.policy(status))
        .isEqualTo(
            PageRoutes.POLICY.replace("connect-src 'self'", "connect-src 'self' http://b:8080"));
  }

  private static ClusterStatus.MemberStatus member(String node, String url) {
    return new ClusterStatus.MemberStatus(
        node, 1, List.of("broker"), "up", "z", true, false, 0, url);
  }

  private static String text(String name) {
    return new String(PageRoutes.read(name), StandardCharsets.UTF_8);
  }
}
