--
-- PostgreSQL database dump
--

\restrict FyuuLATpJAbyFMen02lomfzlLtQ1dnGYT8NDyfO3Dqr38i0FKRHZ2jJToswimXo

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: auth_group; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);


ALTER TABLE public.auth_group OWNER TO postgres;

--
-- Name: auth_group_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.auth_group_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.auth_group_id_seq OWNER TO postgres;

--
-- Name: auth_group_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.auth_group_id_seq OWNED BY public.auth_group.id;


--
-- Name: auth_group_permissions; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);


ALTER TABLE public.auth_group_permissions OWNER TO postgres;

--
-- Name: auth_group_permissions_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.auth_group_permissions_id_seq OWNER TO postgres;

--
-- Name: auth_group_permissions_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.auth_group_permissions_id_seq OWNED BY public.auth_group_permissions.id;


--
-- Name: auth_permission; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);


ALTER TABLE public.auth_permission OWNER TO postgres;

--
-- Name: auth_permission_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.auth_permission_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.auth_permission_id_seq OWNER TO postgres;

--
-- Name: auth_permission_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.auth_permission_id_seq OWNED BY public.auth_permission.id;


--
-- Name: auth_user; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.auth_user (
    id integer NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL
);


ALTER TABLE public.auth_user OWNER TO postgres;

--
-- Name: auth_user_groups; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.auth_user_groups (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL
);


ALTER TABLE public.auth_user_groups OWNER TO postgres;

--
-- Name: auth_user_groups_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.auth_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.auth_user_groups_id_seq OWNER TO postgres;

--
-- Name: auth_user_groups_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.auth_user_groups_id_seq OWNED BY public.auth_user_groups.id;


--
-- Name: auth_user_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.auth_user_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.auth_user_id_seq OWNER TO postgres;

--
-- Name: auth_user_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.auth_user_id_seq OWNED BY public.auth_user.id;


--
-- Name: auth_user_user_permissions; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.auth_user_user_permissions (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL
);


ALTER TABLE public.auth_user_user_permissions OWNER TO postgres;

--
-- Name: auth_user_user_permissions_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.auth_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.auth_user_user_permissions_id_seq OWNER TO postgres;

--
-- Name: auth_user_user_permissions_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.auth_user_user_permissions_id_seq OWNED BY public.auth_user_user_permissions.id;


--
-- Name: core_virtualalias; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.core_virtualalias (
    id integer NOT NULL,
    source character varying(254) NOT NULL,
    destination character varying(254) NOT NULL,
    domain_id integer NOT NULL
);


ALTER TABLE public.core_virtualalias OWNER TO postgres;

--
-- Name: core_virtualalias_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.core_virtualalias_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.core_virtualalias_id_seq OWNER TO postgres;

--
-- Name: core_virtualalias_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.core_virtualalias_id_seq OWNED BY public.core_virtualalias.id;


--
-- Name: core_virtualdomain; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.core_virtualdomain (
    id integer NOT NULL,
    name character varying(50) NOT NULL,
    dkim_key_name character varying(200) NOT NULL,
    dkim_key text NOT NULL,
    dkim_status integer NOT NULL,
    dkim_last_update timestamp with time zone NOT NULL,
    display_name character varying(200) NOT NULL,
    short_display_name character varying(50) NOT NULL,
    imap_address character varying(255) NOT NULL,
    pop_address character varying(255) NOT NULL,
    smtp_address character varying(255) NOT NULL,
    dmarc_status integer NOT NULL,
    dmarc_last_update timestamp with time zone NOT NULL,
    spf_status integer NOT NULL,
    spf_last_update timestamp with time zone NOT NULL
);


ALTER TABLE public.core_virtualdomain OWNER TO postgres;

--
-- Name: core_virtualdomain_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.core_virtualdomain_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.core_virtualdomain_id_seq OWNER TO postgres;

--
-- Name: core_virtualdomain_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.core_virtualdomain_id_seq OWNED BY public.core_virtualdomain.id;


--
-- Name: core_virtualuser; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.core_virtualuser (
    id integer NOT NULL,
    email character varying(254) NOT NULL,
    password character varying(300) NOT NULL,
    quota bigint,
    domain_id integer NOT NULL
);


ALTER TABLE public.core_virtualuser OWNER TO postgres;

--
-- Name: core_virtualuser_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.core_virtualuser_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.core_virtualuser_id_seq OWNER TO postgres;

--
-- Name: core_virtualuser_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.core_virtualuser_id_seq OWNED BY public.core_virtualuser.id;


--
-- Name: tastypie_apikey; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.tastypie_apikey (
    id integer NOT NULL,
    key character varying(128) NOT NULL,
    created timestamp with time zone NOT NULL,
    user_id integer NOT NULL
);


ALTER TABLE public.tastypie_apikey OWNER TO postgres;

--
-- Name: tastypie_apikey_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.tastypie_apikey_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.tastypie_apikey_id_seq OWNER TO postgres;

--
-- Name: tastypie_apikey_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.tastypie_apikey_id_seq OWNED BY public.tastypie_apikey.id;


--
-- Name: auth_group id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group ALTER COLUMN id SET DEFAULT nextval('public.auth_group_id_seq'::regclass);


--
-- Name: auth_group_permissions id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group_permissions ALTER COLUMN id SET DEFAULT nextval('public.auth_group_permissions_id_seq'::regclass);


--
-- Name: auth_permission id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_permission ALTER COLUMN id SET DEFAULT nextval('public.auth_permission_id_seq'::regclass);


--
-- Name: auth_user id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user ALTER COLUMN id SET DEFAULT nextval('public.auth_user_id_seq'::regclass);


--
-- Name: auth_user_groups id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_groups ALTER COLUMN id SET DEFAULT nextval('public.auth_user_groups_id_seq'::regclass);


--
-- Name: auth_user_user_permissions id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_user_permissions ALTER COLUMN id SET DEFAULT nextval('public.auth_user_user_permissions_id_seq'::regclass);


--
-- Name: core_virtualalias id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualalias ALTER COLUMN id SET DEFAULT nextval('public.core_virtualalias_id_seq'::regclass);


--
-- Name: core_virtualdomain id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualdomain ALTER COLUMN id SET DEFAULT nextval('public.core_virtualdomain_id_seq'::regclass);


--
-- Name: core_virtualuser id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualuser ALTER COLUMN id SET DEFAULT nextval('public.core_virtualuser_id_seq'::regclass);


--
-- Name: tastypie_apikey id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.tastypie_apikey ALTER COLUMN id SET DEFAULT nextval('public.tastypie_apikey_id_seq'::regclass);


--
-- Data for Name: auth_group; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.auth_group (id, name) FROM stdin;
1	readers
\.


--
-- Data for Name: auth_group_permissions; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.auth_group_permissions (id, group_id, permission_id) FROM stdin;
1	1	2
\.


--
-- Data for Name: auth_permission; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.auth_permission (id, name, content_type_id, codename) FROM stdin;
1	Can add_virtualdomain	7	add_virtualdomain
2	Can change_virtualdomain	7	change_virtualdomain
3	Can delete_virtualdomain	7	delete_virtualdomain
4	Can view_virtualdomain	7	view_virtualdomain
5	Can add_virtualuser	7	add_virtualuser
6	Can change_virtualuser	7	change_virtualuser
7	Can delete_virtualuser	7	delete_virtualuser
8	Can view_virtualuser	7	view_virtualuser
9	Can add_virtualalias	7	add_virtualalias
10	Can change_virtualalias	7	change_virtualalias
11	Can delete_virtualalias	7	delete_virtualalias
12	Can view_virtualalias	7	view_virtualalias
\.


--
-- Data for Name: auth_user; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.auth_user (id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) FROM stdin;
1	pbkdf2_sha256$260000$x$y	\N	t	Root				t	t	2026-11-22 08:15:23.49667+00
2	pbkdf2_sha256$260000$x$y	\N	f	clerk				f	t	2026-11-22 08:15:23.49667+00
3	!	\N	t	gone				f	f	2026-11-22 08:15:23.49667+00
4	!	\N	f	nobody				f	t	2026-11-22 08:15:23.49667+00
\.


--
-- Data for Name: auth_user_groups; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.auth_user_groups (id, user_id, group_id) FROM stdin;
1	2	1
\.


--
-- Data for Name: auth_user_user_permissions; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.auth_user_user_permissions (id, user_id, permission_id) FROM stdin;
1	2	5
2	2	6
3	2	7
4	2	8
\.


--
-- Data for Name: core_virtualalias; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.core_virtualalias (id, source, destination, domain_id) FROM stdin;
1	sales@Dino.example	Ann@Dino.example	1
2	bob@Dino.example	bob@far.example	1
3	sales@Dino.example	bob@Dino.example	1
4	bob@Dino.example	bob@Dino.example	1
5	ann@Dino.example	ann@Dino.example	1
6	info@second.example	eve@second.example	2
\.


--
-- Data for Name: core_virtualdomain; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.core_virtualdomain (id, name, dkim_key_name, dkim_key, dkim_status, dkim_last_update, display_name, short_display_name, imap_address, pop_address, smtp_address, dmarc_status, dmarc_last_update, spf_status, spf_last_update) FROM stdin;
1	Dino.example	mail	v=DKIM1; k=rsa; p=MIIB	4	2026-11-22 08:15:23.503426+00	Dino's \\ "mail"\tat home	Dino	imap.dino.example		smtp.dino.example	0	2026-11-22 08:15:23.503426+00	1	2026-11-22 08:15:23.503426+00
2	second.example			0	2026-11-22 08:15:23.503426+00						0	2026-11-22 08:15:23.503426+00	0	2026-11-22 08:15:23.503426+00
\.


--
-- Data for Name: core_virtualuser; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.core_virtualuser (id, email, password, quota, domain_id) FROM stdin;
1	Ann@Dino.example	{CRYPT}$6$rounds=1000$rights$jvF/IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8BD7PjOAWBKnjnWc.	0	1
2	bob@Dino.example	{SSHA512}JEgXsQV8o2z7MeUqZCRWlZj9xVTIH7RJbvxv1RgCRIPJlOz5rhSvO4NfO8yL4gE0SYPe0KOdfJWHqQN0nN3lAV9jOGZ0cF9zYWx0X2hlcmU=	5000000000	1
3	eve@second.example	{SSHA}lPLmpRqu2hN++Rts5it0eixvCag=	-5	2
\.


--
-- Data for Name: tastypie_apikey; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.tastypie_apikey (id, key, created, user_id) FROM stdin;
1	0123456789abcdef0123456789abcdef01234567	2026-11-22 08:15:23.502484+00	1
2	89abcdef0123456789abcdef0123456789abcdef	2026-11-22 08:15:23.502484+00	2
3	ffffffffffffffffffffffffffffffffffffffff	2026-11-22 08:15:23.502484+00	3
4	eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee	2026-11-22 08:15:23.502484+00	4
\.


--
-- Name: auth_group_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.auth_group_id_seq', 1, false);


--
-- Name: auth_group_permissions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.auth_group_permissions_id_seq', 1, true);


--
-- Name: auth_permission_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.auth_permission_id_seq', 1, false);


--
-- Name: auth_user_groups_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.auth_user_groups_id_seq', 1, true);


--
-- Name: auth_user_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.auth_user_id_seq', 1, false);


--
-- Name: auth_user_user_permissions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.auth_user_user_permissions_id_seq', 4, true);


--
-- Name: core_virtualalias_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.core_virtualalias_id_seq', 6, true);


--
-- Name: core_virtualdomain_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.core_virtualdomain_id_seq', 2, true);


--
-- Name: core_virtualuser_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.core_virtualuser_id_seq', 3, true);


--
-- Name: tastypie_apikey_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.tastypie_apikey_id_seq', 4, true);


--
-- Name: auth_group auth_group_name_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);


--
-- Name: auth_group_permissions auth_group_permissions_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);


--
-- Name: auth_group auth_group_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);


--
-- Name: auth_permission auth_permission_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);


--
-- Name: auth_user_groups auth_user_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id);


--
-- Name: auth_user auth_user_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_pkey PRIMARY KEY (id);


--
-- Name: auth_user_user_permissions auth_user_user_permissions_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id);


--
-- Name: auth_user auth_user_username_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_username_key UNIQUE (username);


--
-- Name: core_virtualalias core_virtualalias_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualalias
    ADD CONSTRAINT core_virtualalias_pkey PRIMARY KEY (id);


--
-- Name: core_virtualdomain core_virtualdomain_name_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualdomain
    ADD CONSTRAINT core_virtualdomain_name_key UNIQUE (name);


--
-- Name: core_virtualdomain core_virtualdomain_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualdomain
    ADD CONSTRAINT core_virtualdomain_pkey PRIMARY KEY (id);


--
-- Name: core_virtualuser core_virtualuser_email_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualuser
    ADD CONSTRAINT core_virtualuser_email_key UNIQUE (email);


--
-- Name: core_virtualuser core_virtualuser_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualuser
    ADD CONSTRAINT core_virtualuser_pkey PRIMARY KEY (id);


--
-- Name: tastypie_apikey tastypie_apikey_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.tastypie_apikey
    ADD CONSTRAINT tastypie_apikey_pkey PRIMARY KEY (id);


--
-- Name: tastypie_apikey tastypie_apikey_user_id_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.tastypie_apikey
    ADD CONSTRAINT tastypie_apikey_user_id_key UNIQUE (user_id);


--
-- Name: auth_group_permissions auth_group_permissions_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.auth_group(id);


--
-- Name: auth_group_permissions auth_group_permissions_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_permission_id_fkey FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id);


--
-- Name: auth_user_groups auth_user_groups_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.auth_group(id);


--
-- Name: auth_user_groups auth_user_groups_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id);


--
-- Name: auth_user_user_permissions auth_user_user_permissions_permission_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_permission_id_fkey FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id);


--
-- Name: auth_user_user_permissions auth_user_user_permissions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id);


--
-- Name: core_virtualalias core_virtualalias_domain_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualalias
    ADD CONSTRAINT core_virtualalias_domain_id_fkey FOREIGN KEY (domain_id) REFERENCES public.core_virtualdomain(id);


--
-- Name: core_virtualuser core_virtualuser_domain_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.core_virtualuser
    ADD CONSTRAINT core_virtualuser_domain_id_fkey FOREIGN KEY (domain_id) REFERENCES public.core_virtualdomain(id);


--
-- Name: tastypie_apikey tastypie_apikey_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.tastypie_apikey
    ADD CONSTRAINT tastypie_apikey_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id);


--
-- PostgreSQL database dump complete
--

\unrestrict FyuuLATpJAbyFMen02lomfzlLtQ1dnGYT8NDyfO3Dqr38i0FKRHZ2jJToswimXo

