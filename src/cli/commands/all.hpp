#pragma once

#include "cli/commands.hpp"
#include "cli/commands/context.hpp"

namespace cairn::cli {

// account.cpp
[[nodiscard]] Outcome<void> run_command(Context& context, const Login& login);
[[nodiscard]] Outcome<void> run_command(Context& context, const Logout& logout);
[[nodiscard]] Outcome<void> run_command(Context& context, const UserNew& user);
[[nodiscard]] Outcome<void> run_command(Context& context, const UserList& list);
[[nodiscard]] Outcome<void> run_command(Context& context, const UserRemove& user);
[[nodiscard]] Outcome<void> run_command(Context& context, const Balance& balance);

// chain.cpp
[[nodiscard]] Outcome<void> run_command(Context& context, const Status& status);
[[nodiscard]] Outcome<void> run_command(Context& context, const Chain& chain);
[[nodiscard]] Outcome<void> run_command(Context& context, const Block& block);
[[nodiscard]] Outcome<void> run_command(Context& context, const Inv& inv);
[[nodiscard]] Outcome<void> run_command(Context& context, const Restart& restart);

// transfer.cpp
[[nodiscard]] Outcome<void> run_command(Context& context, const Send& send);
[[nodiscard]] Outcome<void> run_command(Context& context, const Mine& mine);
[[nodiscard]] Outcome<void> run_command(Context& context, const Tx& tx);
[[nodiscard]] Outcome<void> run_command(Context& context, const Pool& pool);

// network.cpp
[[nodiscard]] Outcome<void> run_command(Context& context, const Nodes& nodes);
[[nodiscard]] Outcome<void> run_command(Context& context, const NodesRemove& node);
[[nodiscard]] Outcome<void> run_command(Context& context, const Register& nodes);
[[nodiscard]] Outcome<void> run_command(Context& context, const Resolve& resolve);
[[nodiscard]] Outcome<void> run_command(Context& context, const GetBlocks& blocks);

// watch.cpp
[[nodiscard]] Outcome<void> run_command(Context& context, const Watch& watch);

}  // namespace cairn::cli
