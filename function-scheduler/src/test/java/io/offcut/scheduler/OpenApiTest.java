package io.offcut.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.IdleEnd;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.api.ErrorBody;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.JobAnnouncement;
import io.offcut.core.api.JobView;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.UsageView;
import io.offcut.core.function.BundleManifest;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The description and the code say the same. */
class OpenApiTest {
    @TempDir Path state;

    @Test
    void thePageOfRoutesSaysTheSame() throws Exception {
        Pattern row = Pattern.compile("(?m)^\\| `(\\w+) (\\S+)` \\| (.+) \\| ([0-9, ]+) \\|$");
        List<String> documented =
                row.matcher(Files.readString(Path.of("../docs/reference/http-api.md")))
                        .results()
                        .map(m ->
                                m.group(1)
                                        + " "
                                        + m.group(2)
                                        + ": "
                                        + m.group(3)
                                        + ": "
                                        + m.group(4))
                        .toList();
        assertThat(documented).containsExactlyInAnyOrderElementsOf(described());
    }

    private static List<String> described() {
        List<String> rows = new ArrayList<>();
        for (var path : Description.TREE.get("paths").properties()) {
            for (var operation : path.getValue().properties()) {
                List<String> statuses = new ArrayList<>();
                operation.getValue().get("responses").fieldNames().forEachRemaining(statuses::add);
                rows.add(
                        operation.getKey().toUpperCase(Locale.ROOT)
                                + " "
                                + path.getKey()
                                + ": "
                                + operation.getValue().get("summary").asText()
                                + ": "
                                + String.join(", ", statuses));
            }
        }
        return rows;
    }

    @Test
    void describesExactlyTheRoutes() throws Exception {
        try (SchedulerServer server = Servers.start(state)) {
            JsonNode served = Api.of(server).json("/v1/openapi.json");
            assertThat(served).isEqualTo(Description.TREE);
            List<String> described = new ArrayList<>();
            served.get("paths")
                    .properties()
                    .forEach(path ->
                            path.getValue()
                                    .fieldNames()
                                    .forEachRemaining(method ->
                                            described.add(
                                                    method.toUpperCase(Locale.ROOT)
                                                            + " "
                                                            + path.getKey())));
            assertThat(described).containsExactlyInAnyOrderElementsOf(server.routeNames());
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                ErrorBody.class,
                LeaseRequest.class,
                RequestView.class,
                LeaseView.class,
                JobAnnouncement.class,
                JobView.class,
                FunctionSpec.class,
                BundleManifest.class,
                FunctionView.class,
                Offer.class,
                NodeDescriptor.class,
                IdleEnd.class,
                NodeView.class,
                UsageView.class,
            })
    void describesTheBodiesFieldByField(Class<?> type) throws Exception {
        JsonNode schema = Description.TREE.at("/components/schemas/" + type.getSimpleName());
        List<String> described = new ArrayList<>();
        schema.get("properties").fieldNames().forEachRemaining(described::add);
        assertThat(described)
                .containsExactlyElementsOf(
                        Stream.of(type.getRecordComponents()).map(c -> c.getName()).toList());
    }

    @Test
    void listsEveryValueOfTheEnumerations() throws Exception {
        JsonNode schemas = Description.TREE.at("/components/schemas");
        assertThat(values(schemas.at("/EndReason"))).isEqualTo(names(EndReason.values()));
        assertThat(values(schemas.at("/FunctionKind"))).isEqualTo(names(FunctionKind.values()));
        assertThat(values(schemas.at("/ErrorBody/properties/error")))
                .isEqualTo(names(ErrorCode.values()));
        assertThat(values(schemas.at("/LeaseView/properties/state")))
                .isEqualTo(names(LeaseState.values()));
        assertThat(values(schemas.at("/NodeView/properties/state")))
                .isEqualTo(names(NodeView.State.values()));
        assertThat(values(schemas.at("/IdleEnd/properties/why")))
                .isEqualTo(names(IdleEnd.Why.values()));
        assertThat(values(schemas.at("/Offer/properties/reason")))
                .isEqualTo(names(Offer.Reason.values()));
    }

    private static List<String> values(JsonNode schema) {
        List<String> values = new ArrayList<>();
        schema.get("enum").forEach(value -> values.add(value.asText()));
        return values;
    }

    private static List<String> names(Enum<?>[] values) {
        return Stream.of(values).map(Enum::name).toList();
    }

    @Test
    void everyReferenceLeadsSomewhere() throws Exception {
        JsonNode description = Description.TREE;
        List<String> references = description.findValuesAsText("$ref");
        assertThat(references).isNotEmpty();
        assertThat(references)
                .allSatisfy(
                        r -> assertThat(description.at(r.substring(1)).isObject()).as(r).isTrue());
    }
}
