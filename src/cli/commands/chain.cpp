#include <algorithm>

#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"
#include "cli/session/prompt.hpp"

namespace cairn::cli {
namespace {

/// The chain's work without its leading zeros.
std::string work_text(const Json& work) {
    const std::string text = shown(work);
    return text.empty()
               ? text
               : "0x" + text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
}

}  // namespace

Outcome<void> run_command(Context& context, const Status& /*status*/) {
    return answer(context, {.target = "/status"}, [&](const Json& told) {
        Facts facts{context.out};
        facts.add("node", context.session.options().node.text + ", " + shown(told["version"]))
            .add("chain", shown(told["chain"]))
            .add("block", shown(told["index"]))
            .add("hash", shown(told["hash"]))
            .add("genesis", shown(told["genesis_hash"]))
            .add("work", work_text(told["work"]))
            .add("issued", coins(told["issued"]))
            .add("pool", shown(told["pool_length"]) + " waiting")
            .add("peers", shown(told["peers"]))
            .add("mining", yes_or_no(told["mining"]))
            .add("syncing", yes_or_no(told["syncing"]))
            .add("gossip", yes_or_no(told["gossip"]))
            .add("read only", told["read_only"].is_true() ? "yes: its log names the cause" : "no")
            .add("logged in", plain(context.session.who()));
        for (const Json& warning : told["warnings"].elements())
            facts.add("warning", shown(warning));
        facts.end();
    });
}

Outcome<void> run_command(Context& context, const Chain& chain) {
    std::uint64_t from = chain.from;
    if (from == 0 && chain.limit != 0) {
        const auto status = context.session.json({.target = "/status"});
        if (!status) return fail(status.error());
        const std::uint64_t length = (*status)["index"].whole_number();
        from = length > chain.limit ? length - chain.limit + 1 : 1;
    }
    Table table{context.out,
                {{"INDEX", Align::right},
                 {"TIME (UTC)"},
                 {"TRANSACTIONS", Align::right},
                 {"BYTES", Align::right},
                 {"HASH"}}};
    const Call call{.target =
                        "/chain" +
                        query({{"from", from == 0 ? "" : std::to_string(from)},
                               {"limit", chain.limit == 0 ? "" : std::to_string(chain.limit)}})};
    return answer_streamed(
        context, call, {"chain"},
        [&](std::string_view, const Json& block) {
            table.row({shown(block["index"]), time_text(block["timestamp"].text()),
                       std::to_string(block["transactions"].elements().size()),
                       shown(block["size"]), shown(block["hash"])});
            return context.out.good();
        },
        [&](const Json& rest) {
            table.end();
            const std::uint64_t length = rest["length"].whole_number();
            if (table.rows() < length) {
                context.out.line(std::to_string(table.rows()) + " of " + counted(length, "block") +
                                 (chain.from == 0 ? "; --limit 0 shows all."
                                                  : "; --limit 0 without --from shows all."));
            }
        });
}

Outcome<void> run_command(Context& context, const Block& block) {
    return answer(context, {.target = "/blocks/" + percent_encode(block.which)},
                  [&](const Json& told) {
                      Facts{context.out}
                          .add("block", shown(told["index"]))
                          .add("hash", shown(told["hash"]))
                          .add("previous", shown(told["previous_hash"]))
                          .add("time", time_text(told["timestamp"].text()) + " UTC")
                          .add("merkle root", shown(told["merkle_root"]))
                          .add("nonce", shown(told["proof"]))
                          .add("bits", shown(told["bits"]))
                          .add("difficulty", shown(told["difficulty"]))
                          .add("work", work_text(told["work"]))
                          .add("size", counted(told["size"].whole_number(), "byte"))
                          .add("stale", told["stale"].is_true() ? "yes: off the best chain" : "")
                          .add("invalid", shown(told["invalid"]))
                          .end();
                      Table table{context.out, transfer_columns()};
                      if (!told["transactions"].elements().empty()) context.out.line("");
                      for (const Json& transfer : told["transactions"].elements())
                          table.row(transfer_row(transfer));
                      table.end();
                  });
}

Outcome<void> run_command(Context& context, const Inv& inv) {
    Table table{context.out, {{"TYPE"}, {"VALUE"}}};
    const Call call{.target = "/inv" +
                              query({{"from", inv.from == 0 ? "" : std::to_string(inv.from)},
                                     {"limit", inv.limit == 0 ? "" : std::to_string(inv.limit)}})};
    return answer_streamed(
        context, call, {"values"},
        [&](std::string_view, const Json& entry) {
            const Json& value = entry["value"];
            table.row(
                {shown(entry["type"]), value.is_object() ? shown(value["id"]) : shown(value)});
            return context.out.good();
        },
        [&](const Json&) {
            table.end();
            if (table.rows() == 0)
                context.out.line("There is nothing from line " + std::to_string(inv.from) + " on.");
        });
}

Outcome<void> run_command(Context& context, const Restart& restart) {
    if (!restart.yes) {
        const auto sure = confirm("Chain and pool of " + context.session.options().node.text +
                                      " go back to genesis; a backup is kept. Type yes to go on: ",
                                  "Nothing was done: cairn restart takes the chain back to "
                                  "genesis, and here nobody can be "
                                  "asked. --yes says that you mean it.");
        if (!sure) return fail(sure.error());
        if (!*sure) return fail(usage_failure("Nothing was done: the answer was not yes."));
    }
    return answer(context, {.method = "POST", .target = "/restart", .needs_login = true},
                  [&](const Json& told) {
                      context.out.line(shown(told["message"]));
                      Facts{context.out}
                          .add("length", shown(told["length"]))
                          .add("backup", told["backup"].is_null() ? "none: the chain was empty"
                                                                  : shown(told["backup"]))
                          .end();
                  });
}

}  // namespace cairn::cli
