@NullUnmarked
package io.offcut.executor.internal.rdma;

import org.jspecify.annotations.NullUnmarked;
