#include <chrono>
#include <deque>
#include <thread>
#include <utility>

#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"
#include "cli/commands/follower.hpp"
#include "cli/session/problem.hpp"
#include "json/writer.hpp"

namespace cairn::cli {
namespace {

/// One `cairn watch`: asks /status again and again and reads the blocks between what it knew and
/// what it is told, each linked to the one before by its hash. So no block is left out, and a chain
/// that turned elsewhere between two looks is seen.
class Watcher {
public:
    Watcher(Context& context, const Watch& watch) : context_{context}, watch_{watch} {}

    Outcome<void> run() {
        const auto status = context_.session.json({.target = "/status"});
        if (!status) return fail(status.error());
        // So that a turn below today's tip is seen for what it is.
        const auto page = context_.session.json({.target = "/blocks?limit=1000"});
        if (!page) return fail(page.error());
        const Json::Array& blocks = (*page)["blocks"].elements();  // newest first
        if (blocks.empty()) {
            return fail(
                not_a_node(context_.session.options().node.text, "a chain without a block"));
        }
        std::deque<std::string> hashes;
        for (const Json& block : blocks) hashes.push_front(block["hash"].text());
        Follower follower{(*status)["genesis_hash"].text(), blocks.back()["index"].whole_number(),
                          std::move(hashes)};
        pool_ = (*status)["pool_length"].whole_number();
        begin(*status, follower);
        while (!enough()) {
            std::this_thread::sleep_for(std::chrono::duration<double>{watch_.every_s});
            if (auto looked = look(follower); !looked) {
                if (looked.error().code != ExitCode::unreachable) return looked;
                lost(looked.error());
            }
        }
        return {};
    }

private:
    [[nodiscard]] bool enough() const {
        return !context_.out.good() || (watch_.count != 0 && lines_ >= watch_.count);
    }

    Outcome<void> look(Follower& follower) {
        const auto status = context_.session.json({.target = "/status"});
        if (!status) return fail(status.error());
        if (std::exchange(lost_, false)) context_.err.line("cairn: the node is back.");
        if ((*status)["hash"].text() != follower.tip()) {
            // The chain may turn again while it is read; the next look goes on from there.
            for (int turns = 0; turns < 3 && !enough(); ++turns) {
                const auto linked = read_on(follower);
                if (!linked) return fail(linked.error());
                if (*linked) break;
                if (auto turned = turn(follower); !turned) return turned;
            }
        }
        if (!enough()) pool((*status)["pool_length"].whole_number());
        return {};
    }

    /// Shows the blocks after the tip. False if they do not follow from it, or if there are none.
    Outcome<bool> read_on(Follower& follower) {
        bool linked = false;
        const Call call{.target = "/chain?from=" + std::to_string(follower.index() + 1)};
        const auto rest =
            context_.session.stream(call, {"chain"}, [&](std::string_view, const Json& json) {
                const SeenBlock block{json["index"].whole_number(), json["hash"].text(),
                                      json["previous_hash"].text(), json["timestamp"].text(),
                                      json["transactions"].elements().size()};
                linked = follower.extend(block);
                if (linked) show(block);
                return linked && !enough();
            });
        if (!rest) return fail(rest.error());
        return linked;
    }

    Outcome<void> turn(Follower& follower) {
        Outcome<void> outcome;
        const auto left = follower.step_back([&](std::uint64_t index) -> Follower::HashAt {
            const auto block =
                context_.session.json({.target = "/blocks/" + std::to_string(index)});
            if (block) return {true, (*block)["hash"].text()};
            if (block.error().status == 404) return {true, {}};
            outcome = fail(block.error());
            return {false, {}};
        });
        if (left && *left > 0) reorganised(*left, follower);
        return outcome;
    }

    void begin(const Json& status, const Follower& follower) {
        if (context_.json) return;
        context_.out.line("watching " + context_.session.options().node.text + ", " +
                          shown(status["chain"]) + ", block " + std::to_string(follower.index()) +
                          " " + plain(follower.tip()) + "; Ctrl-C ends it");
    }

    /// One line of JSON.
    template <class Members>
    void tell(std::string_view kind, Members write_members) {
        std::string line;
        json::Writer event{line};
        event.begin_object().key("event").string(kind);
        write_members(event);
        event.end_object();
        print_json(context_, line);
    }

    void show(const SeenBlock& block) {
        ++lines_;
        if (context_.json) {
            return tell("block", [&](json::Writer& event) {
                event.key("index").number(block.index).key("hash").string(block.hash);
                event.key("previous_hash").string(block.previous_hash);
                event.key("timestamp").string(block.timestamp);
                event.key("transactions").number(block.transactions);
            });
        }
        context_.out.line(time_text(block.timestamp) + "  block " + std::to_string(block.index) +
                          "  " + plain(block.hash) + "  " +
                          counted(block.transactions, "transaction"));
    }

    void reorganised(std::uint64_t left, const Follower& follower) {
        ++lines_;
        if (context_.json) {
            return tell("reorganisation", [&](json::Writer& event) {
                event.key("left").number(left).key("index").number(follower.index());
                event.key("hash").string(follower.tip());
            });
        }
        const std::string line = "reorganisation: " + counted(left, "block") +
                                 " left, back to block " + std::to_string(follower.index()) + "  " +
                                 plain(follower.tip());
        context_.out.line(context_.out.colour() ? "\x1b[33m" + line + "\x1b[0m" : line);
    }

    void pool(std::uint64_t waiting) {
        if (std::exchange(pool_, waiting) == waiting) return;
        ++lines_;
        if (context_.json) {
            return tell("pool",
                        [&](json::Writer& event) { event.key("pool_length").number(waiting); });
        }
        context_.out.line("pool: " + counted(waiting, "transaction") + " waiting");
    }

    void lost(const Failure& failure) {
        if (std::exchange(lost_, true)) return;
        context_.err.line("cairn: " + failure.what + " Still trying.");
    }

    Context& context_;
    const Watch& watch_;
    std::uint64_t pool_ = 0;
    std::uint64_t lines_ = 0;
    bool lost_ = false;
};

}  // namespace

Outcome<void> run_command(Context& context, const Watch& watch) {
    return Watcher{context, watch}.run();
}

}  // namespace cairn::cli
