package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.simulator.Distribution;
import io.offcut.simulator.SimulationResult;

/**
 * What a report shows.
 *
 * @param result for the curves
 * @param summaryJson for every single figure
 * @param waitSeconds of the jobs
 * @param boundedSlowdowns of the jobs
 */
public record ReportData(
        SimulationResult result,
        String summaryJson,
        Distribution waitSeconds,
        Distribution boundedSlowdowns) {
    JsonNode summary() {
        try {
            return new ObjectMapper().readTree(summaryJson);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON: " + summaryJson, e);
        }
    }
}
