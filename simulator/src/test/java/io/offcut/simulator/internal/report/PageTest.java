package io.offcut.simulator.internal.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {
    @Test
    void oneRunGivesOnePageToTheByte(@TempDir Path folder) throws IOException {
        Reports.write(folder.resolve("a"));
        Reports.write(folder.resolve("b"));

        for (String name : List.of("report.html", "summary.json")) {
            assertThat(folder.resolve("a").resolve(name))
                    .isNotEmptyFile()
                    .hasSameBinaryContentAs(folder.resolve("b").resolve(name));
        }
    }

    @Test
    void scriptsRunByTheirHashAloneAndNothingComesFromElsewhere(@TempDir Path folder)
            throws IOException {
        Reports.write(folder);
        String page = Files.readString(folder.resolve("report.html"));
        String beforeScripts = page.substring(0, page.indexOf("<script"));

        assertThat(beforeScripts)
                .containsPattern("content=\"default-src &#39;none&#39;; script-src &#39;sha256-")
                .doesNotContain("unsafe-eval")
                .doesNotContainPattern("script-src[^;]*unsafe")
                .doesNotContainPattern("<(link|img|iframe|base|object)\\b");
        assertThat(page.substring(beforeScripts.length()))
                .doesNotContainPattern("<script[^>]{0,80} src=");
    }

    @Test
    void whatASummaryHasMoreIsShown() {
        String page = Page.html(Reports.withCalls());

        assertThat(page)
                .contains("id=\"latency\"", "\"id\":\"chart-latency\"")
                .contains(
                        "data-summary=\"/functions/calls/latency/p99Millis\">80.00\u00a0ms</data>")
                .contains("data-summary=\"/functions/calls/evictions\">1,234</data>")
                .contains("calls: evictions", "executor starts: cold")
                .contains(
                        "id=\"stretch\"", "data-summary=\"/functions/slowdown/p99\">1.0500</data>")
                .contains("id=\"harvestable\"", "data-summary=\"/harvestable/1/coreShare\">")
                .contains("jobs that an outage ended", "\"name\":\"nodes down\"");
    }

    @Test
    void textNeverBecomesMarkup() {
        String page =
                new Html()
                        .open("p", "title", "a\"><b>'")
                        .text("<i>&\u0007\u202e\ud800x</i>")
                        .close()
                        .page();

        assertThat(page)
                .isEqualTo(
                        "<p title=\"a&quot;&gt;&lt;b&gt;&#39;\">"
                                + "&lt;i&gt;&amp;\ufffd\ufffd\ufffdx&lt;/i&gt;</p>\n");
        assertThatThrownBy(() -> new Html().code("script", "x = '</SCRIPT>'"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Html().open("p").page())
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void thinnedCurvesKeepTheirPeaksValleysAndEnds() {
        double[] values = new double[100_000];
        values[4_711] = 7;
        values[47_110] = -3;

        List<Integer> kept = Thinning.points(values.length, 2_000, at -> values[at]);

        assertThat(kept)
                .hasSizeLessThanOrEqualTo(2_000)
                .isSorted()
                .doesNotHaveDuplicates()
                .contains(0, 4_711, 47_110, 99_999);
        assertThat(Thinning.points(5, 2_000, at -> values[at])).containsExactly(0, 1, 2, 3, 4);
    }
}
