package io.offcut.executor.internal.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The binary interface of rdma-core as we have it, against its headers. */
final class LayoutTest {
    /** Of each prefix of a constant, its structure; the rest is a member in upper case. */
    private static final Map<String, String> STRUCTURES =
            new LinkedHashMap<>(
                    Map.ofEntries(
                            Map.entry("COMP_CHANNEL", "ibv_comp_channel"),
                            Map.entry("DEVICE_ATTR", "ibv_device_attr"),
                            Map.entry("PORT_ATTR", "ibv_port_attr"),
                            Map.entry("QP_INIT_ATTR", "ibv_qp_init_attr"),
                            Map.entry("QP_ATTR", "ibv_qp_attr"),
                            Map.entry("CONTEXT", "ibv_context"),
                            Map.entry("SEND_WR", "ibv_send_wr"),
                            Map.entry("RECV_WR", "ibv_recv_wr"),
                            Map.entry("EVENT_CHANNEL", "rdma_event_channel"),
                            Map.entry("CM_ID", "rdma_cm_id"),
                            Map.entry("CM_EVENT", "rdma_cm_event"),
                            Map.entry("CONN_PARAM", "rdma_conn_param"),
                            Map.entry("ADDRINFO", "rdma_addrinfo"),
                            Map.entry("SGE", "ibv_sge"),
                            Map.entry("WC", "ibv_wc"),
                            Map.entry("PD", "ibv_pd"),
                            Map.entry("CQ", "ibv_cq"),
                            Map.entry("QP", "ibv_qp"),
                            Map.entry("MR", "ibv_mr")));

    /** Members whose name is not that of the constant. */
    private static final Map<String, String> MEMBERS =
            Map.ofEntries(
                    Map.entry("CONTEXT_POLL_CQ", "ops.poll_cq"),
                    Map.entry("CONTEXT_REQ_NOTIFY_CQ", "ops.req_notify_cq"),
                    Map.entry("CONTEXT_POST_SEND", "ops.post_send"),
                    Map.entry("CONTEXT_POST_RECV", "ops.post_recv"),
                    Map.entry("QP_NUM", "qp_num"),
                    Map.entry("QP_ATTR_STATE", "qp_state"),
                    Map.entry("QP_INIT_ATTR_MAX_SEND_WR", "cap.max_send_wr"),
                    Map.entry("QP_INIT_ATTR_MAX_RECV_WR", "cap.max_recv_wr"),
                    Map.entry("QP_INIT_ATTR_MAX_SEND_SGE", "cap.max_send_sge"),
                    Map.entry("QP_INIT_ATTR_MAX_RECV_SGE", "cap.max_recv_sge"),
                    Map.entry("QP_INIT_ATTR_MAX_INLINE_DATA", "cap.max_inline_data"),
                    Map.entry("SEND_WR_ID", "wr_id"),
                    Map.entry("SEND_WR_FLAGS", "send_flags"),
                    Map.entry("SEND_WR_REMOTE_ADDR", "wr.rdma.remote_addr"),
                    Map.entry("SEND_WR_RDMA_RKEY", "wr.rdma.rkey"),
                    Map.entry("SEND_WR_ATOMIC_COMPARE_ADD", "wr.atomic.compare_add"),
                    Map.entry("SEND_WR_ATOMIC_SWAP", "wr.atomic.swap"),
                    Map.entry("SEND_WR_ATOMIC_RKEY", "wr.atomic.rkey"),
                    Map.entry("RECV_WR_ID", "wr_id"),
                    Map.entry("WC_FLAGS", "wc_flags"),
                    Map.entry("CM_ID_SRC_ADDR", "route.addr.src_addr"),
                    Map.entry("CM_ID_DST_ADDR", "route.addr.dst_addr"),
                    Map.entry("CM_EVENT_CONN", "param.conn"),
                    Map.entry("ADDRINFO_FLAGS", "ai_flags"),
                    Map.entry("ADDRINFO_PORT_SPACE", "ai_port_space"),
                    Map.entry("ADDRINFO_SRC_ADDR", "ai_src_addr"),
                    Map.entry("ADDRINFO_DST_ADDR", "ai_dst_addr"));

    @TempDir Path directory;

    @Test
    void isThatOfTheHeaders() throws Exception {
        assumeTrue(
                Files.exists(Path.of("/usr/include/rdma/rdma_cma.h"))
                        && Files.exists(Path.of("/usr/include/infiniband/verbs.h")),
                "needs the headers of rdma-core (Debian: libibverbs-dev librdmacm-dev)");
        Map<String, Integer> ours = new TreeMap<>();
        StringBuilder program =
                new StringBuilder(
                        """
                        #include <stddef.h>
                        #include <stdio.h>
                        #include <rdma/rdma_cma.h>
                        int main(void) {
                        """);
        for (Field field : Layout.class.getDeclaredFields()) {
            ours.put(field.getName(), field.getInt(null));
            program.append("  printf(\"%s %zu\\n\", \"")
                    .append(field.getName())
                    .append("\", ")
                    .append(expression(field.getName()))
                    .append(");\n");
        }
        program.append("}\n");
        assertThat(ours).hasSizeGreaterThan(80);
        assertThat(run(program.toString())).isEqualTo(ours);
    }

    private static String expression(String constant) {
        String prefix =
                STRUCTURES.keySet().stream()
                        .filter(one -> constant.startsWith(one + "_"))
                        .max(Comparator.comparingInt(String::length))
                        .orElseThrow(() -> new AssertionError("no structure of " + constant));
        String structure = "struct " + STRUCTURES.get(prefix);
        String member = constant.substring(prefix.length() + 1);
        return member.equals("BYTES")
                ? "sizeof(" + structure + ")"
                : "offsetof("
                        + structure
                        + ", "
                        + MEMBERS.getOrDefault(constant, member.toLowerCase(Locale.ROOT))
                        + ")";
    }

    private Map<String, Integer> run(String program) throws IOException, InterruptedException {
        Path source = directory.resolve("layout.c");
        Files.writeString(source, program);
        Path binary = directory.resolve("layout");
        said(List.of("gcc", "-o", binary.toString(), source.toString()));
        return Arrays.stream(said(List.of(binary.toString())).split("\n"))
                .map(line -> line.split(" "))
                .collect(
                        Collectors.toMap(
                                line -> line[0],
                                line -> Integer.parseInt(line[1]),
                                (a, b) -> a,
                                TreeMap::new));
    }

    private String said(List<String> command) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Process process;
        try {
            process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(out.toFile())
                            .start();
        } catch (IOException e) {
            assumeTrue(false, "needs gcc");
            throw e;
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String text = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }
}
