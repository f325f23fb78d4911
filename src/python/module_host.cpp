// SPDX-License-Identifier: GPL-2.0-or-later
// The two small modules that tell where a text is evaluated: sys and socket.
#include <array>

#include "python/modules.hpp"

namespace windsor::python {
namespace {

// The version of Python whose rules hold where the versions differ.
constexpr std::array<std::string_view, 5> kVersionFields{"major", "minor", "micro", "releaselevel", "serial"};

// Both names are the host's own: nobody is asked for the domain that it may be in.
Item socket_gethostname(Interpreter& interpreter, Arguments& arguments)
{
    arguments.expect(0, 0);
    return interpreter.string(interpreter.environment().host_names[1]);
}

constexpr std::array kSocketMembers{Method{"getfqdn", socket_gethostname}, Method{"gethostname", socket_gethostname}};

} // namespace

ModuleObject* make_socket(Interpreter& interpreter)
{
    return module_of(interpreter, "socket", kSocketMembers);
}

ModuleObject* make_sys(Interpreter& interpreter)
{
    auto* sys = module_of(interpreter, "sys", {});
    sys->members.emplace("platform", interpreter.string("linux2"));
    sys->members.emplace("byteorder", interpreter.string("little"));
    sys->members.emplace("version", interpreter.string("2.7.18 (the xm language)"));
    sys->members.emplace("version_info", named_tuple(interpreter,
                                                     {std::int64_t{2}, std::int64_t{7}, std::int64_t{18},
                                                      interpreter.string("final"), std::int64_t{0}},
                                                     kVersionFields));
    sys->members.emplace("maxint", Item{INT64_MAX});
    sys->members.emplace("maxsize", Item{INT64_MAX});
    return sys;
}

} // namespace windsor::python
