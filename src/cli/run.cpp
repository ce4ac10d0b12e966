#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"

namespace cairn::cli {
namespace {

// As long as a node needs to ask all others (/nodes/resolve) or to keep a backup (/restart).
constexpr std::uint32_t kSilence_s = 120;

/// Mining takes as long as it takes: the node has a limit of its own.
std::uint32_t silence_of(const Options& options, const Command& command) {
    if (options.timeout_s) return *options.timeout_s;
    return std::holds_alternative<Mine>(command) ? 0 : kSilence_s;
}

/// What the next command needs to reach the same node; nothing if the environment tells it anyway.
std::string flags_for(const Options& options) {
    const char* told = std::getenv("CAIRN_NODE");  // NOLINT(concurrency-mt-unsafe): one thread
    if (options.node.empty() || (told != nullptr && options.node == told)) return {};
    return " --node " + plain(options.node);
}

/// A text as a shell takes it for one word; nothing if that is not easily said.
std::string shell_word(const std::string& text) {
    const std::string shown = plain(text);
    const bool bare = std::all_of(shown.begin(), shown.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
    if (bare) return shown;
    return shown != text || text.find('\'') != std::string::npos ? "" : "'" + text + "'";
}

/// Whose coins a command spends, if not the caller's.
std::string account_of(const Command& command) {
    const auto* send = std::get_if<Send>(&command);
    return send == nullptr ? "" : shell_word(send->from);
}

/// The node's address where it is no address: told by the name under which it was given.
Failure wrong_node(const Options& options, std::string sentence) {
    const char* told = std::getenv("CAIRN_NODE");  // NOLINT(concurrency-mt-unsafe): one thread
    constexpr std::string_view kFlag = "--node";
    if (told != nullptr && options.node == told && sentence.starts_with(kFlag))
        sentence.replace(0, kFlag.size(), "CAIRN_NODE");
    return usage_failure(std::move(sentence), "cairn --help tells what --node takes");
}

/// An argument that would become an empty segment of a path, and so another route.
bool has_empty_argument(const Command& command) {
    if (const auto* block = std::get_if<Block>(&command)) return block->which.empty();
    if (const auto* tx = std::get_if<Tx>(&command)) return tx->id.empty();
    if (const auto* node = std::get_if<NodesRemove>(&command)) return node->address.empty();
    if (const auto* user = std::get_if<UserRemove>(&command)) return user->name.empty();
    return false;
}

void tell(Output& err, const Failure& failure) {
    const std::string prefix = err.colour() ? "\x1b[31mcairn:\x1b[0m " : "cairn: ";
    err.line(prefix + failure.what);
    for (const std::string& fact : failure.facts) err.line("  " + fact);
    if (!failure.next.empty()) err.line("  next: " + failure.next);
}

Outcome<void> run_on(const NodeUrl& node, const Options& options, const std::string& words,
                     const Command& command, Output& out, Output& err) {
    if (has_empty_argument(command))
        return fail(
            usage_failure("An empty argument names nothing.", "cairn " + words + " --help"));
    Session session{
        {.node = node,
         .attempt = {.command = words, .flags = flags_for(options), .account = account_of(command)},
         .datadir = options.datadir,
         .authorities = options.authorities,
         .silence_s = silence_of(options, command)},
        TokenStore{cairn_folder() / ".sessions"},
        cairn_folder()};
    Context context{session, out, err, options.json};
    return std::visit([&](const auto& chosen) { return run_command(context, chosen); }, command);
}

}  // namespace

int run(const Options& options, const std::string& words, const Command& command) {
    // A reader that went away is told by the write that fails.
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
    Output out{STDOUT_FILENO};
    Output err{STDERR_FILENO};
    const auto node = parse_node_url(options.node.empty() ? kDefaultNode : options.node);
    const Outcome<void> outcome = node ? run_on(*node, options, words, command, out, err)
                                       : fail(wrong_node(options, node.error()));
    if (!outcome) {
        if (options.json && !outcome.error().answer.empty()) {
            out.line(out.terminal() ? JsonEscaper{}.next(outcome.error().answer)
                                    : outcome.error().answer);
        }
        tell(err, outcome.error());
        return static_cast<int>(outcome.error().code);
    }
    if (!out.good() && out.error() != EPIPE) {
        tell(err,
             {.what = std::string{"The answer cannot be written: "} + std::strerror(out.error())});
        return static_cast<int>(ExitCode::refused);
    }
    return static_cast<int>(ExitCode::done);
}

}  // namespace cairn::cli
