#pragma once

#include "net/outcome.hpp"

/// What the node tells of other nodes, for who may not see the peers' rooms.
namespace cairn {

using net::AskedNode;
using net::DroppedTransfer;
using net::NodeReport;
using net::NodeState;
using net::RegisterOutcome;
using net::ResolveOutcome;

}  // namespace cairn
