package io.offcut.simulator.internal.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.simulator.internal.report.Browser.Tab;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report as a browser shows it. */
class ReportInBrowserTest {
    private static final int DESKTOP = 1100;
    private static final int PHONE = 360;

    @TempDir private static Path folder;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        browser = Browser.start(folder.resolve("profile"));
        Reports.write(folder.resolve("full"));
        Reports.writeHostile(folder.resolve("hostile"));
        Reports.writePlain(folder.resolve("plain"));
        Files.writeString(
                Files.createDirectory(folder.resolve("calls")).resolve("report.html"),
                Page.html(Reports.withCalls()));
        keepPictures();
    }

    @AfterAll
    static void stop() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    /** For who wants to look: in {@code target/report}. */
    private static void keepPictures() throws Exception {
        Path pictures = Files.createDirectories(Path.of("target", "report"));
        Tab page = open("full", DESKTOP, false);
        Files.write(pictures.resolve("light.png"), page.png());
        Files.write(pictures.resolve("paper.pdf"), page.pdf());
        Files.write(pictures.resolve("dark.png"), open("full", DESKTOP, true).png());
        Files.write(pictures.resolve("phone.png"), open("full", PHONE, false).png());
        Files.write(pictures.resolve("plain.png"), open("plain", DESKTOP, false).png());
        Files.write(pictures.resolve("hostile.png"), open("hostile", PHONE, true).png());
    }

    private static Tab open(String name, int width, boolean dark) throws Exception {
        return browser.open(folder.resolve(name).resolve("report.html"), width, dark);
    }

    @Test
    void drawsEveryChartWithAllItsSeries() throws Exception {
        Tab page = open("full", DESKTOP, false);

        JsonNode undrawn =
                page.value(
                        """
                        JSON.parse(document.getElementById("charts").textContent).flatMap(chart => {
                          const svg = document.querySelector("#" + chart.id + " svg");
                          if (!svg) return [chart.id];
                          const drawn = [...svg.querySelectorAll("path")]
                            .filter(path => path.getBBox().width > 0)
                            .map(path => path.getAttribute("fill") + path.getAttribute("stroke"));
                          return chart.series
                            .filter(series => !drawn.some(c => c.includes(`var(--${series.colour})`)))
                            .map(series => chart.id + ": " + series.name);
                        })
                        """);

        assertThat(undrawn).isEmpty();
        assertThat(page.value("document.querySelectorAll('.chart svg').length").asInt())
                .isEqualTo(5);
        assertThat(page.value("document.querySelector('#chart-over-time').textContent").asText())
                .contains("jobs", "functions", "idle", "cores", "days since the first submission");
    }

    @Test
    void cutsNoTextOfAChart() throws Exception {
        for (int width : new int[] {DESKTOP, PHONE}) {
            JsonNode cut =
                    open("full", width, false)
                            .value(
                                    """
                                    [...document.querySelectorAll(".chart svg text")]
                                      .filter(text => {
                                        const all = text.closest("svg").getBoundingClientRect();
                                        const own = text.getBoundingClientRect();
                                        return own.left < all.left - 1 || own.right > all.right + 1
                                          || own.top < all.top - 1 || own.bottom > all.bottom + 1;
                                      })
                                      .map(text => text.textContent)
                                    """);

            assertThat(cut).as("%d px", width).isEmpty();
        }
    }

    @Test
    void asksTheNetworkForNothingAndComplainsOfNothing() throws Exception {
        for (String name : new String[] {"full", "plain", "hostile", "calls"}) {
            Tab page = open(name, DESKTOP, true);
            page.value("new Promise(done => requestAnimationFrame(() => done(1)))");

            assertThat(page.requests())
                    .containsExactly(
                            folder.resolve(name).resolve("report.html").toUri().toString());
            assertThat(page.complaints()).isEmpty();
        }
    }

    @Test
    void showsTheFiguresOfTheSummary() throws Exception {
        JsonNode summary =
                new ObjectMapper().readTree(folder.resolve("full/summary.json").toFile());
        JsonNode shown =
                open("full", DESKTOP, false)
                        .value(
                                """
                                [...document.querySelectorAll("data")]
                                  .map(d => [d.dataset.summary, d.value, d.textContent])
                                """);

        assertThat(shown.size()).isGreaterThan(80);
        for (JsonNode figure : shown) {
            String inSummary = summary.at(figure.get(0).asText()).asText();
            assertThat(new BigDecimal(figure.get(1).asText()))
                    .as(figure.toString())
                    .isEqualByComparingTo(inSummary);
        }
        assertThat(shown.toString())
                .contains("/gains/overWholeNodes", "/gains/overIdealSharing")
                .contains("/cost/harvested", "/partitions/2/p95WaitSeconds");
    }

    @Test
    void hostileNamesStayText() throws Exception {
        Tab page = open("hostile", DESKTOP, false);

        assertThat(page.value("window.hit === undefined").asBoolean()).isTrue();
        assertThat(page.value("document.querySelectorAll('img').length").asInt()).isZero();
        assertThat(page.value("document.querySelectorAll('script').length").asInt()).isEqualTo(3);
        assertThat(page.value("document.title").asText()).contains("<img src=x");
        assertThat(page.value("document.querySelector('#partitions').textContent").asText())
                .contains("1 </script>");
        assertThat(page.value("document.body.textContent").asText()).doesNotContain("\u202e");
        assertThat(page.value("document.querySelectorAll('.chart svg').length").asInt())
                .isEqualTo(5);
    }

    @Test
    void fitsTheScreenOfAPhone() throws Exception {
        for (String name : new String[] {"full", "hostile"}) {
            Tab page = open(name, PHONE, false);

            assertThat(page.value("document.documentElement.scrollWidth").asInt())
                    .isLessThanOrEqualTo(PHONE);
            assertThat(page.value("document.querySelector('.chart svg').clientWidth").asInt())
                    .isBetween(PHONE / 2, PHONE);
        }
    }

    @Test
    void isReadableInTheDark() throws Exception {
        Tab page = open("full", DESKTOP, true);
        String inks =
                """
                [getComputedStyle(document.body).backgroundColor,
                 getComputedStyle(document.querySelector(".chart svg text")).fill]
                """;

        assertThat(page.value(inks).toString())
                .isEqualTo("[\"rgb(21, 24, 27)\",\"rgb(163, 168, 173)\"]");
        page.dark(false);
        assertThat(page.value(inks).toString())
                .isEqualTo("[\"rgb(255, 255, 255)\",\"rgb(92, 97, 102)\"]");
    }

    @Test
    void printsOnPaper() throws Exception {
        String pdf = new String(open("full", DESKTOP, true).pdf(), StandardCharsets.ISO_8859_1);

        assertThat(pdf).startsWith("%PDF");
        assertThat(pdf.split("/Type /Page\\b", -1).length - 1).isBetween(3, 12);
    }

    @Test
    void namesChartsAndTablesForThoseWhoDoNotSeeThem() throws Exception {
        Tab page = open("full", DESKTOP, false);

        assertThat(
                        page.value(
                                        """
                                        [...document.querySelectorAll(".chart")].every(c =>
                                          c.getAttribute("role") === "img" && c.getAttribute("aria-label").length > 20
                                          && c.parentElement.querySelector("table"))
                                        && [...document.querySelectorAll("table")].every(t => t.caption?.textContent)
                                        && document.querySelectorAll("h1").length === 1
                                        && document.documentElement.lang === "en"
                                        """)
                                .asBoolean())
                .isTrue();
    }

    @Test
    void resultsThatAreAbsentAreNotShown() throws IOException {
        String page = Files.readString(folder.resolve("plain/report.html"));

        assertThat(page)
                .contains("id=\"waits\"", "id=\"core-hours\"")
                .doesNotContain("id=\"functions\"", "id=\"gains\"", "id=\"cost\"")
                .doesNotContain("id=\"partitions\"", "id=\"queues\"", "id=\"chart-idle\"");
    }
}
