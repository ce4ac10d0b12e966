#include "api/routes/status.hpp"

#include "api/chain_clock.hpp"
#include "core/primitives/coins.hpp"

namespace cairn::routes {
namespace {

/// "4.125"
std::string milliseconds(std::uint64_t ns) {
    return double_text(static_cast<double>(ns / 1'000) / 1'000);
}

}  // namespace

http::Answer index(const Reading& reading) {
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("message").string("This is a Cairn node on the chain " +
                                                reading.services.chain->spec().name + ".");
    writer.key("routes").begin_array();
    for (const auto& route : api_routes()) {
        writer.string(std::string{http::to_text(route.spec.method)} + " " +
                      std::string{route.spec.pattern});
    }
    writer.end_array().end_object();
    return reply;
}

http::Answer status(const Reading& reading) {
    const View& view = reading.view;
    const Services& services = reading.services;
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("chain").string(view.chain->spec().name);
    writer.key("genesis_hash").string(view.chain->genesis().hash.to_string());
    writer.key("index").number(view.tip.height);
    writer.key("hash").string(view.tip.hash.to_string());
    writer.key("work").string(work_text(view.tip.work));
    writer.key("issued").raw(format_coin_units(view.tip.issued));
    writer.key("peers").number(view.peers);
    writer.key("pool_length").number(view.pool.transfers);
    writer.key("mining").boolean(services.mines.is_mining());
    writer.key("syncing").boolean(view.syncing);
    writer.key("gossip").boolean(services.options.gossip);
    writer.key("read_only").boolean(view.read_only);
    writer.key("warnings").begin_array();
    const Staged rows{view.store};
    if (const auto behind = clock_behind(rows, view, services.now().wall))
        writer.string(behind->to_string());
    writer.end_array();
    writer.key("version").string(services.options.version);
    if (services.longest_steps) {
        const LongestSteps longest = services.longest_steps();
        writer.key("longest_step_ms").begin_object();
        writer.key("node").raw(milliseconds(longest.node));
        writer.key("io").raw(milliseconds(longest.io)).end_object();
    }
    writer.end_object();
    return reply;
}

http::Answer healthz(const Reading& /*reading*/) {
    http::Reply reply;
    reply.body = R"({"status":"alive"})";
    return reply;
}

http::Answer readyz(const Reading& reading) {
    if (reading.view.read_only) {
        http::Problem problem{
            .status = 503,
            .detail = "The store cannot be written at the moment; reading goes on. (" +
                      reading.view.read_only_why + ")"};
        problem.retry_after = 5;
        return problem;
    }
    const Staged rows{reading.view.store};
    const Now now = reading.services.now();
    if (const auto behind = clock_behind(rows, reading.view, now.wall)) {
        http::Problem problem{.status = 503, .detail = behind->to_string()};
        problem.retry_after = behind->until - now.wall;
        return problem;
    }
    http::Reply reply;
    reply.body = R"({"status":"ready"})";
    return reply;
}

}  // namespace cairn::routes
