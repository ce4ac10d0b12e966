#include <algorithm>

#include "net/peers/state.hpp"

namespace cairn::net {

void Peers::State::register_nodes(Ticket ticket, const std::vector<std::string>& texts,
                                  Tick deadline, Chain chain, Now now, Actions& out) {
    end_silence(chain);
    Registration asked{ticket, deadline, {}};
    for (const auto& text : texts) {
        Registration::Entry entry{text, {}, {}, {}, false};
        auto address = parse_node_address(text);
        if (!address) {
            entry.refused = std::move(address.error());
            asked.entries.push_back(std::move(entry));
            continue;
        }
        entry.address = *address;
        if (!book.is_registered(*address)) {
            if (book.full()) {
                entry.refused = "this node keeps at most " + std::to_string(limits::kRegistered) +
                                " registered nodes: remove one with DELETE /nodes/ADDRESS first";
            } else {
                // What was known of its key was found out without the operator: pinned anew.
                book.forget(*address, chain.rows);
                heard.erase(*address);
                own.erase(*address);
                book.add(*address, now.wall, chain.rows);
                entry.fresh = true;
            }
        } else if (const auto key = key_at(*address)) {
            book.lift(*key, chain.rows);
        }
        if (!entry.refused) {
            const auto peer = peer_at(*address);
            if (peer) {
                const Hello& hello = peers.at(*peer).hello;
                book.pin(*address, hello.key, chain.rows);
                out.push_back(Favour{*peer});
                entry.connected = true;
            } else if (!dialler.dialling(*address)) {
                dial(*address, now, out);
            }
        }
        asked.entries.push_back(std::move(entry));
    }
    registrations.push_back(std::move(asked));
}

bool Peers::State::is_first_contact(const NodeAddress& address) const {
    const auto* node = book.find(address);
    if (node == nullptr || node->key) return false;
    for (const auto& registration : registrations)
        for (const auto& entry : registration.entries)
            if (entry.address == address && entry.fresh && !entry.ended()) return true;
    return false;
}

void Peers::State::note_dial(const NodeAddress& address, const std::optional<std::string>& failed) {
    for (auto& registration : registrations) {
        for (auto& entry : registration.entries) {
            if (entry.address != address || entry.ended()) continue;
            if (!failed)
                entry.connected = true;
            else if (book.is_registered(address))
                entry.failed = *failed;
            else
                entry.refused = *failed;
        }
    }
}

RegisterOutcome Peers::State::outcome_of(const Registration& registration) const {
    const std::string again = options.gossip ? "it will be dialled again"
                                             : "with gossip off it is dialled at /nodes/resolve";
    RegisterOutcome outcome;
    for (const auto& node : book.registered())
        outcome.total_nodes.push_back(node.address.to_string());
    for (const auto& entry : registration.entries) {
        NodeReport report;
        report.address = entry.address ? entry.address->to_string() : entry.text;
        const bool stored = entry.address && book.is_registered(*entry.address);
        if (entry.refused)
            report.detail = "not stored: " + *entry.refused;
        else if (!stored)
            report.detail = "not stored: it was removed again meanwhile";
        else if (entry.connected)
            report.detail = "stored; connected";
        else if (entry.failed)
            report.detail = "stored; " + *entry.failed + "; " + again;
        else
            report.detail = "stored; nobody has answered there yet; " + again;
        report.connected = stored && entry.connected;
        outcome.usable = outcome.usable || stored;
        outcome.nodes.push_back(std::move(report));
    }
    return outcome;
}

void Peers::State::end_registrations(Now now, Actions& out) {
    std::erase_if(registrations, [&](const Registration& registration) {
        const bool all = std::all_of(registration.entries.begin(), registration.entries.end(),
                                     [](const auto& entry) { return entry.ended(); });
        if (!all && now.steady < registration.deadline) return false;
        out.push_back(Registered{registration.ticket, outcome_of(registration)});
        return true;
    });
}

}  // namespace cairn::net
