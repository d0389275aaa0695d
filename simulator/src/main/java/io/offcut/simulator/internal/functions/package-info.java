/** What the nodes' daemons and the clients do, on virtual time, around the scheduling core. */
@NullMarked
package io.offcut.simulator.internal.functions;

import org.jspecify.annotations.NullMarked;
