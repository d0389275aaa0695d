package io.offcut.simulator;

import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names of loads and policies, as users write them. */
public final class FunctionModel {
    private FunctionModel() {}

    public static String name(Load load) {
        return switch (load) {
            case Load.None none -> "none";
            case Load.Standing standing -> "fit";
            case Load.Open open -> open.arrivals().name();
            case Load.Offload offload -> "offload";
        };
    }

    public static String name(Policy policy) {
        return switch (policy) {
            case Policy.Leases leases -> "lease";
            case Policy.Pilots pilots -> "pilot";
        };
    }

    /** What a load was told, for the summary. */
    static Map<String, Object> parameters(Load load) {
        Map<String, Object> values = new LinkedHashMap<>();
        switch (load) {
            case Load.None none -> {}
            case Load.Standing standing -> {}
            case Load.Open open -> {
                values.put(
                        "arrivals", open.arrivals() instanceof Record ? open.arrivals() : "file");
                values.put("patienceMillis", open.patienceMillis());
                values.put("holdMillis", open.holdMillis());
                values.put("idempotentPermille", open.idempotentPermille());
                values.put("payloadBytes", open.payloadBytes());
            }
            case Load.Offload offload -> {
                values.put("jobsPermille", offload.jobsPermille());
                values.put("sharePermille", offload.sharePermille());
                values.put("workersPerCorePermille", offload.workersPerCore());
            }
        }
        return values;
    }
}
